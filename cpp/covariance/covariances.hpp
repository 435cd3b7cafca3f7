// Covariances of all components in the four storage shapes, and their factors.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/workspace.hpp"

namespace gaussmix {

enum class CovarianceShape { full, tied, diag, spherical, factor };

std::string_view to_string(CovarianceShape shape);
inline bool has_matrices(CovarianceShape shape) {
  return shape == CovarianceShape::full || shape == CovarianceShape::tied;
}

struct Lifted {
  static constexpr Index kCommon = -1;  // the covariance that all components share
  Index component;
  double eigenvalue;  // in units of the columns' spread
};

// Values: full K x D x D, tied D x D, diag K x D (variances), spherical K (variances), factor K x D x (q + 1): the loadings of
// each feature on the q factors, then the variance of its noise.
struct Covariances {
  CovarianceShape shape = CovarianceShape::full;
  Index n_components = 0;
  Index n_features = 0;
  Index n_factors = 0;
  std::vector<double> values;
  // Between M-step and regularisation, from SufficientStatistics::root: full and tied, covariance = root root^T; else empty.
  std::vector<double> root;
  // Full, of structures with common eigenvectors: these, as columns; else empty.
  std::vector<double> axes;
  // Between M-step and regularisation: components whose eigenvalues were lifted to the bound, and the least there was.
  std::vector<Lifted> lifted;
  // Between them, too: the eigenvalues heed the bound already; one that is at it lies below the rounding of its scatter.
  bool within_bound = false;
  bool lost_in_rounding = false;

  static Index size(CovarianceShape shape, Index n_components, Index n_features, Index n_factors = 0);
  Index n_matrices() const { return shape == CovarianceShape::full ? n_components : 1; }
  MatrixMap matrix(Index i) { return {values.data() + i * n_features * n_features, n_features, n_features}; }
  ConstMatrixMap root_matrix(Index i) const {
    return {root.data() + i * n_features * n_features, n_features, n_features};
  }
  ConstMatrixMap matrix(Index i) const { return {values.data() + i * n_features * n_features, n_features, n_features}; }
  // Of factor analysers: D x (q + 1).
  MatrixMap loadings_and_noise(Index k) {
    const Index width = n_factors + 1;
    return {values.data() + k * n_features * width, n_features, width};
  }
  ConstMatrixMap loadings_and_noise(Index k) const {
    const Index width = n_factors + 1;
    return {values.data() + k * n_features * width, n_features, width};
  }
};

// Inverse factors by shape: full and tied are lower triangles L^-1 with covariance = L L^T, diag and spherical 1 / sd, factor
// [P^T, 1 / sd of the noise] with inverse covariance = Psi^-1 - P^T P: see factor_form.hpp.
struct Factors {
  CovarianceShape shape = CovarianceShape::full;
  Index n_components = 0;
  Index n_features = 0;
  Index n_factors = 0;
  std::vector<double> inverse;  // laid out as Covariances::values
  std::vector<double> lower;    // L for full and tied, empty otherwise
  Vector log_determinants;      // K

  Index n_matrices() const { return shape == CovarianceShape::full ? n_components : 1; }
  MatrixMap inverse_matrix(Index i) { return {inverse.data() + i * n_features * n_features, n_features, n_features}; }
  ConstMatrixMap inverse_matrix(Index i) const {
    return {inverse.data() + i * n_features * n_features, n_features, n_features};
  }
  MatrixMap projections_and_noise(Index k) {
    const Index width = n_factors + 1;
    return {inverse.data() + k * n_features * width, n_features, width};
  }
  ConstMatrixMap projections_and_noise(Index k) const {
    const Index width = n_factors + 1;
    return {inverse.data() + k * n_features * width, n_features, width};
  }
  MatrixMap lower_matrix(Index i) { return {lower.data() + i * n_features * n_features, n_features, n_features}; }
  ConstMatrixMap lower_matrix(Index i) const {
    return {lower.data() + i * n_features * n_features, n_features, n_features};
  }
};

// Component k of `to` becomes that of `from`, where components have covariances of their own.
void copy_component(const Covariances& from, Covariances& to, Index k);
void copy_component(const Factors& from, Factors& to, Index k);

// Sizes the arrays; what they held is lost, and no memory is asked for when they have these sizes already.
void reshape(Covariances& covariances, CovarianceShape shape, Index n_components, Index n_features,
             Index n_factors = 0);
void reshape(Factors& factors, CovarianceShape shape, Index n_components, Index n_features, Index n_factors = 0);

// The first matrix that is not positive definite, and its smallest pivot or variance; nothing when `factors` is written.
struct Indefinite {
  Index number;
  double pivot;
};
std::optional<Indefinite> try_factorise(const Covariances& covariances, Workspace& workspace, Factors& factors);

// Throws InvalidArgument naming the component and its smallest pivot when one is not positive definite.
void factorise(const Covariances& covariances, Workspace& workspace, Factors& factors);
Factors factorise(const Covariances& covariances);

// Of the correlation matrices, one per component; 1 for diag and spherical, and not asked of factor analysers.
Vector reciprocal_conditions(const Covariances& covariances);

// From inverse factors in the transposed (upper triangular) convention of `precisions_cholesky`, and back. Densities do
// not need the factors themselves: `lower` stays zero unless it is asked for.
enum class Lower { omitted, computed };
Factors from_precisions_cholesky(CovarianceShape shape, Index n_components, Index n_features, const double* upper,
                                 Lower lower);
std::vector<double> precisions_cholesky(const Factors& factors);

}  // namespace gaussmix
