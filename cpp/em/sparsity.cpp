#include "em/sparsity.hpp"

#include <cmath>

#include "mixture/kernel_parameters.hpp"

namespace gaussmix {

namespace {

// With fewer components there is little to leave out.
constexpr Index kFewestComponents = 8;

Index n_bounds_of(Index n_leaves, Index leaf_rows, Index n_components) {
  return n_leaves * (leaf_rows / kernels::kSparseGroup) * n_components;
}

// Frobenius norm of inverse * lower - I, for two lower triangles.
double distance_from_identity(const ConstMatrixMap& inverse, const ConstMatrixMap& lower) {
  double sum = 0;
  for (Eigen::Index i = 0; i < inverse.rows(); ++i)
    for (Eigen::Index j = 0; j <= i; ++j) {
      const double e = inverse.row(i).segment(j, i - j + 1).dot(lower.col(j).segment(j, i - j + 1)) - (i == j ? 1 : 0);
      sum += e * e;
    }
  return std::sqrt(sum);
}

}  // namespace

void Sparsity::restart() {
  known_ = false;
  leaves_.assign(leaves_.size(), {});
}

// Distances d = |L^-1 (x - m)| then and d' = |L'^-1 (x - m')| now: d <= |L^-1 L'| |L'^-1 (x - m)| and
// d' >= |L'^-1 (x - m)| - |L'^-1 (m' - m)|, so d' >= d / |L^-1 L'| - |L'^-1 (m' - m)|. The norm is at most 1 + |L^-1 L' - I|.
void Sparsity::measure_movement(const Mixture& mixture) {
  const Index n = mixture.n_features();
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const ConstMatrixMap previous(previous_inverse_.data() + k * n * n, n, n);
    const double norm = 1 + distance_from_identity(previous, mixture.factors.lower_matrix(k));
    difference_ = (mixture.means.row(k) - previous_means_.row(k)).transpose();
    image_.noalias() = mixture.factors.inverse_matrix(k) * difference_;
    scale_[static_cast<std::size_t>(k)] = static_cast<float>((1 - 1e-6) / norm);
    shift_[static_cast<std::size_t>(k)] = static_cast<float>((1 + 1e-6) * kLogitScale * image_.norm());
  }
}

bool Sparsity::serves(CovarianceShape shape, Index n_components) {
  return shape == CovarianceShape::full && n_components >= kFewestComponents;
}

double Sparsity::memory(Index n_components, Index n_features, Index n_rows, Index leaf_rows) {
  const auto n_bounds = static_cast<double>(n_bounds_of((n_rows + leaf_rows - 1) / leaf_rows, leaf_rows, 1)) *
                        static_cast<double>(n_components);
  const auto n_parameters = static_cast<double>(n_components * n_features * (n_features + 1));
  return sizeof(std::uint16_t) * static_cast<double>(n_rows) + sizeof(float) * n_bounds + sizeof(double) * n_parameters;
}

kernels::Sparse Sparsity::next_pass(const Mixture& mixture, Index n_rows, Index leaf_rows) {
  const Index n_components = mixture.n_components();
  if (!serves(mixture.factors.shape, n_components)) return {};
  const Index n_leaves = (n_rows + leaf_rows - 1) / leaf_rows;
  leaves_.resize(static_cast<std::size_t>(n_leaves));
  order_.resize(static_cast<std::size_t>(n_rows));
  bounds_.resize(static_cast<std::size_t>(n_bounds_of(n_leaves, leaf_rows, n_components)));
  scale_.resize(static_cast<std::size_t>(n_components), 1.0F);
  shift_.resize(static_cast<std::size_t>(n_components), 0.0F);
  if (known_) measure_movement(mixture);
  known_ = true;
  previous_means_ = mixture.means;
  previous_inverse_ = mixture.factors.inverse;
  return {leaves_.data(), order_.data(), bounds_.data(), scale_.data(), shift_.data(), leaf_rows};
}

}  // namespace gaussmix
