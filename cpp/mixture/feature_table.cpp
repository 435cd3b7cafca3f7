#include "mixture/feature_table.hpp"

#include <cmath>
#include <limits>

#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

// Of terms and of their sum, relative to the sum of their magnitudes.
constexpr double kRounding = std::numeric_limits<double>::epsilon();

// |F (x - mean)|^2 of the result is in units of log 2.
void inverse_factor(const Factors& factors, Index k, Matrix& out) {
  const Index n = factors.n_features;
  if (factors.shape == CovarianceShape::full) {
    out = kLogitScale * factors.inverse_matrix(k);
    return;
  }
  out.setZero(n, n);
  const Index step = factors.shape == CovarianceShape::diag ? 1 : 0;
  const double* inverse = factors.inverse.data() + (step == 1 ? k * n : k);
  for (Index i = 0; i < n; ++i) out(i, i) = kLogitScale * inverse[i * step];
}

double variance(const Factors& factors, Index k, Index i) {
  if (factors.shape == CovarianceShape::full) return factors.lower_matrix(k).row(i).head(i + 1).squaredNorm();
  const Index at = factors.shape == CovarianceShape::diag ? k * factors.n_features + i : k;
  const double inverse = factors.inverse[static_cast<std::size_t>(at)];
  return 1 / (inverse * inverse);
}

// Largest sum over a row of |S A S|, S = diag(scale): no sum_ij |A_ij| |z_i| |z_j| is more than this times sum (z_i / scale_i)^2.
double largest_row_sum(const Matrix& matrix, const Vector& scale) {
  double largest = 0;
  for (Index i = 0; i < matrix.rows(); ++i) largest = std::max(largest, scale[i] * matrix.row(i).cwiseAbs().dot(scale));
  return largest / (kLogitScale * kLogitScale);
}

// F^T F of a lower triangle. Eigen's general product prepares longer for a small one than it takes.
void square(const Matrix& lower, Matrix& out) {
  constexpr Eigen::Index kSmall = 8;
  if (lower.rows() <= kSmall)
    out.noalias() = lower.transpose().lazyProduct(lower);
  else
    out.noalias() = lower.transpose() * lower.triangularView<Eigen::Lower>();
}

// sum_i (sum_j |F_ij| reach_j)^2
double largest_distance(const Matrix& inverse, const Vector& reach) {
  double sum = 0;
  for (Index i = 0; i < inverse.rows(); ++i) {
    const double y = inverse.row(i).head(i + 1).cwiseAbs().dot(reach.head(i + 1));
    sum += y * y;
  }
  return sum / (kLogitScale * kLogitScale);
}

Index n_features_of_row(CovarianceShape shape, Index n) {
  switch (shape) {
    case CovarianceShape::full: return kernels::packed_size(n + 1);
    case CovarianceShape::diag: return 2 * n + 1;
    case CovarianceShape::spherical: return n + 2;
    case CovarianceShape::tied:
    case CovarianceShape::factor: break;
  }
  return 0;
}

}  // namespace

Index feature_table_width(CovarianceShape shape, Index n_features) {
  const Index width = n_features_of_row(shape, n_features);
  return width <= kMostFeatures ? width : 0;
}

kernels::Features FeatureTable::features() const {
  if (!used_) return {};
  return {table_.data(), centre_.data(), inverse_scale_.data(), limit_, single_limit_, table_.cols()};
}

// The mean of the mixture and its standard deviations.
void FeatureTable::take_centre(const Mixture& mixture) {
  const double total = mixture.weights.sum();
  centre_.noalias() = mixture.means.transpose() * mixture.weights;
  centre_ /= total;
  scale_.setZero(mixture.n_features());
  for (Index k = 0; k < mixture.n_components(); ++k)
    for (Index i = 0; i < mixture.n_features(); ++i) {
      const double d = mixture.means(k, i) - centre_[i];
      scale_[i] += mixture.weights[k] / total * (variance(mixture.factors, k, i) + d * d);
    }
  scale_ = scale_.cwiseSqrt();
  inverse_scale_ = scale_.cwiseInverse();
}

// constant - |F (z - d)|^2 = (constant - d.A d) + 2 (A d).z - sum A_ij z_i z_j with A = F^T F.
void FeatureTable::fill_row(CovarianceShape shape, double constant, double* row) {
  const Index n = offset_.size();
  if (shape == CovarianceShape::full)
    square(inverse_, precision_);
  else
    precision_ = inverse_.cwiseAbs2();
  image_.noalias() = precision_ * offset_;
  *row++ = std::max(constant - offset_.dot(image_), kernels::kLowestLogit);
  for (Index i = 0; i < n; ++i) *row++ = 2 * image_[i];
  switch (shape) {
    case CovarianceShape::full:
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) *row++ = (i == j ? -1 : -2) * precision_(i, j);
      break;
    case CovarianceShape::diag:
      for (Index i = 0; i < n; ++i) *row++ = -precision_(i, i);
      break;
    case CovarianceShape::spherical: *row = -precision_(0, 0); break;
    case CovarianceShape::tied:
    case CovarianceShape::factor: break;
  }
}

void FeatureTable::fill(const Mixture& mixture, const Vector& log_constants) {
  used_ = false;
  const Factors& factors = mixture.factors;
  const Index size = feature_table_width(factors.shape, mixture.n_features());
  if (size == 0) return;
  take_centre(mixture);
  table_.resize(mixture.n_components(), size);
  double largest = 0, largest_single = 0;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    inverse_factor(factors, k, inverse_);
    offset_ = mixture.means.row(k).transpose() - centre_;
    reach_ = offset_.cwiseAbs();
    if (!(largest_distance(inverse_, reach_) <= kernels::kLargestFeatureDistance)) return;
    fill_row(factors.shape, log_constants[k], table_.data() + k * size);
    largest_single = std::max(largest_single, largest_row_sum(precision_, scale_));
    if (factors.shape == CovarianceShape::full) {
      inverse_ = inverse_.cwiseAbs();
      square(inverse_, precision_);
    }
    largest = std::max(largest, largest_row_sum(precision_, scale_));
  }
  if (!(largest > 0) || !std::isfinite(largest)) return;
  limit_ = kernels::kLargestFeatureDistance / largest;
  single_limit_ = kernels::kLargestSingleFeatureDistance / largest_single;
  rounding_ =
      kRounding * std::min(static_cast<double>(mixture.n_features()) * largest, kernels::kLargestFeatureDistance);
  used_ = true;
}

void FeatureTable::fill_whitened(const Matrix& means, const Vector& log_constants) {
  const Index n_features = means.cols();
  centre_.setZero(n_features);
  inverse_scale_.setOnes(n_features);
  limit_ = std::numeric_limits<double>::infinity();
  single_limit_ = kernels::kLargestSingleFeatureDistance;
  rounding_ = kRounding * means.rowwise().squaredNorm().maxCoeff();
  table_.resize(means.rows(), n_features + 1);
  table_.rightCols(n_features) = 2 * kLogitScale * kLogitScale * means;
  for (Index k = 0; k < means.rows(); ++k)
    table_(k, 0) =
        std::max(log_constants[k] - kLogitScale * kLogitScale * means.row(k).squaredNorm(), kernels::kLowestLogit);
  used_ = true;
}

}  // namespace gaussmix
