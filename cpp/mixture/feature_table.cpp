#include "mixture/feature_table.hpp"

#include <cmath>
#include <limits>

#include "base/small_sizes.hpp"
#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

// Of terms and of their sum, relative to the sum of their magnitudes.
constexpr double kRounding = std::numeric_limits<double>::epsilon();

// |F (x - mean)|^2 of the result is in units of log 2.
template <int N>
void inverse_factor(const Factors& factors, Index k, Eigen::Map<SquareOf<N>>& out) {
  const Index n = factors.n_features;
  if (factors.shape == CovarianceShape::full) {
    out = kLogitScale * Eigen::Map<const SquareOf<N>>(factors.inverse_matrix(k).data(), n, n);
    return;
  }
  out.setZero();
  const Index step = factors.shape == CovarianceShape::diag ? 1 : 0;
  const double* inverse = factors.inverse.data() + (step == 1 ? k * n : k);
  for (Index i = 0; i < n; ++i) out(i, i) = kLogitScale * inverse[i * step];
}

double variance(const Factors& factors, Index k, Index i) {
  if (factors.shape == CovarianceShape::full) {
    const ConstMatrixMap lower = factors.lower_matrix(k);
    double sum = 0;
    for (Index j = 0; j <= i; ++j) sum += lower(i, j) * lower(i, j);
    return sum;
  }
  const Index at = factors.shape == CovarianceShape::diag ? k * factors.n_features + i : k;
  const double inverse = factors.inverse[static_cast<std::size_t>(at)];
  return 1 / (inverse * inverse);
}

// Largest sum over a row of |S A S|, S = diag(scale): no sum_ij |A_ij| |z_i| |z_j| is more than this times sum (z_i / scale_i)^2.
template <class Square>
double largest_row_sum(const Square& matrix, const Vector& scales) {
  const Eigen::Map<const VectorOf<Square::RowsAtCompileTime>> scale(scales.data(), scales.size());
  double largest = 0;
  for (Index i = 0; i < matrix.rows(); ++i) largest = std::max(largest, scale[i] * matrix.row(i).cwiseAbs().dot(scale));
  return largest / (kLogitScale * kLogitScale);
}

// F^T F of a lower triangle. Eigen's general product prepares longer for a small one than it takes.
template <class Square>
void square(const Square& lower, Square& out) {
  constexpr Eigen::Index kSmall = 8;
  if (lower.rows() <= kSmall)
    out.noalias() = lower.transpose().lazyProduct(lower);
  else
    out.noalias() = lower.transpose() * lower.template triangularView<Eigen::Lower>();
}

// sum_i (sum_j |F_ij| reach_j)^2
template <class Square, class Reach>
double largest_distance(const Square& inverse, const Reach& reach) {
  double sum = 0;
  for (Index i = 0; i < inverse.rows(); ++i) {
    double y = 0;
    for (Index j = 0; j <= i; ++j) y += std::abs(inverse(i, j)) * reach[j];
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

// What the table needs of one component.
template <int N>
struct Component {
  Component(double* memory, Index n)
      : inverse(memory, n, n),
        precision(memory + n * n, n, n),
        offset(memory + 2 * n * n, n),
        image(memory + 2 * n * n + n, n),
        reach(memory + 2 * n * n + 2 * n, n) {}
  Eigen::Map<SquareOf<N>> inverse;    // its factor as the kernels take it, F
  Eigen::Map<SquareOf<N>> precision;  // F^T F
  Eigen::Map<VectorOf<N>> offset;     // its mean less the centre
  Eigen::Map<VectorOf<N>> image;      // that in the metric of F^T F
  Eigen::Map<VectorOf<N>> reach;      // how far off it is, feature by feature
};

// constant - |F (z - d)|^2 = (constant - d.A d) + 2 (A d).z - sum A_ij z_i z_j with A = F^T F.
template <int N>
void fill_row(CovarianceShape shape, double constant, const Component<N>& of, double* row) {
  const Index n = of.offset.size();
  *row++ = std::max(constant - of.offset.dot(of.image), kernels::kLowestLogit);
  for (Index i = 0; i < n; ++i) *row++ = 2 * of.image[i];
  switch (shape) {
    case CovarianceShape::full:
      for (Index i = 0; i < n; ++i)
        for (Index j = 0; j <= i; ++j) *row++ = (i == j ? -1 : -2) * of.precision(i, j);
      break;
    case CovarianceShape::diag:
      for (Index i = 0; i < n; ++i) *row++ = -of.precision(i, i);
      break;
    case CovarianceShape::spherical: *row = -of.precision(0, 0); break;
    case CovarianceShape::tied:
    case CovarianceShape::factor: break;
  }
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

void FeatureTable::fill(const Mixture& mixture, const Vector& log_constants) {
  used_ = false;
  const Factors& factors = mixture.factors;
  const Index size = feature_table_width(factors.shape, mixture.n_features());
  if (size == 0) return;
  take_centre(mixture);
  table_.resize(mixture.n_components(), size);
  largest_ = largest_single_ = 0;
  const bool near = with_size(mixture.n_features(), [&](auto n_features) {
    for (Index k = 0; k < mixture.n_components(); ++k)
      if (!fill_component<n_features()>(mixture, k, log_constants[k])) return false;
    return true;
  });
  if (!near || !(largest_ > 0) || !std::isfinite(largest_)) return;
  limit_ = kernels::kLargestFeatureDistance / largest_;
  single_limit_ = kernels::kLargestSingleFeatureDistance / largest_single_;
  rounding_ =
      kRounding * std::min(static_cast<double>(mixture.n_features()) * largest_, kernels::kLargestFeatureDistance);
  used_ = true;
}

// False where the component lies too far from the centre.
template <int N>
bool FeatureTable::fill_component(const Mixture& mixture, Index k, double log_constant) {
  const Index n = mixture.n_features();
  const CovarianceShape shape = mixture.factors.shape;
  scratch_.resize(2 * n + 3, n);
  Component<N> of(scratch_.data(), n);
  inverse_factor<N>(mixture.factors, k, of.inverse);
  for (Index i = 0; i < n; ++i) of.offset[i] = mixture.means(k, i) - centre_[i];
  of.reach = of.offset.cwiseAbs();
  if (!(largest_distance(of.inverse, of.reach) <= kernels::kLargestFeatureDistance)) return false;
  if (shape == CovarianceShape::full)
    square(of.inverse, of.precision);
  else
    of.precision = of.inverse.cwiseAbs2();
  of.image.noalias() = of.precision * of.offset;
  fill_row(shape, log_constant, of, table_.data() + k * table_.cols());
  largest_single_ = std::max(largest_single_, largest_row_sum(of.precision, scale_));
  if (shape == CovarianceShape::full) {
    of.inverse = of.inverse.cwiseAbs();
    square(of.inverse, of.precision);
  }
  largest_ = std::max(largest_, largest_row_sum(of.precision, scale_));
  return true;
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
