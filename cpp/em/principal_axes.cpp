#include "em/principal_axes.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace gaussmix {

namespace {

constexpr int kPasses = 4;  // in units of the features
constexpr int kRounds = 4;  // passes in units of the noise
constexpr Index kOversampling = 5;
constexpr double kLeastNoise = 0.05;  // share of a variance: EM leaves the boundary slowly
constexpr double kLeastGain = 1e-3;   // of an eigenvalue over the others: loadings of zero stay zero

Matrix random_directions(Index n, Index n_features, const Random& random) {
  Matrix directions(n, n_features);
  for (Index i = 0; i < directions.size(); ++i)
    directions.data()[i] = random.normals(static_cast<std::uint64_t>(i)).first;
  return directions;
}

Matrix orthonormal_rows(const Matrix& columns) {
  const Eigen::HouseholderQR<Eigen::MatrixXd> qr(columns);
  return (qr.householderQ() * Eigen::MatrixXd::Identity(columns.rows(), columns.cols())).transpose();
}

// Image of the directions under the correlations, D x m.
Matrix image(const SufficientStatistics& statistics, Index k, const Matrix& deviations) {
  const Index n = statistics.n_projections;
  if (!(statistics.weight[k] > 0)) return Matrix::Zero(statistics.n_features(), n);
  return deviations.row(k).cwiseInverse().asDiagonal() * statistics.projected(k).leftCols(n) / statistics.weight[k];
}

// Loadings in the units of the images, where noise has variance one, from the image of orthonormal directions (Rayleigh & Ritz).
Matrix loadings(const Matrix& directions, const Matrix& images, Index n_factors) {
  Eigen::MatrixXd inner = directions * images;
  inner = Eigen::MatrixXd(0.5 * (inner + inner.transpose()));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(inner);
  const Vector root = (solver.eigenvalues().tail(n_factors).array() - 1).max(kLeastGain).sqrt();
  return directions.transpose() * solver.eigenvectors().rightCols(n_factors) * root.asDiagonal();
}

// What the loadings of features of variance one explain of it.
Vector explained_shares(const Matrix& loadings) { return loadings.rowwise().squaredNorm().cwiseMin(1 - kLeastNoise); }

void take_loadings(const Matrix& loadings, MatrixMap loadings_and_noise) {
  const Index n_factors = loadings.cols();
  const Vector variance = loadings_and_noise.col(n_factors);
  const Vector explained = loadings.rowwise().squaredNorm(), shares = explained_shares(loadings);
  for (Index d = 0; d < variance.size(); ++d) {
    const double factor = explained[d] > 0 ? std::sqrt(shares[d] / explained[d] * variance[d]) : 0.0;
    loadings_and_noise.row(d).head(n_factors) = factor * loadings.row(d);
    loadings_and_noise(d, n_factors) = (1 - shares[d]) * variance[d];
  }
}

}  // namespace

Index principal_axes_width(Index n_features, Index n_factors) {
  return std::min(n_features, n_factors + kOversampling);
}

void take_principal_axes(const ProjectedPass& pass, const Matrix& deviations, const Random& random, Mixture& mixture) {
  Covariances& covariances = mixture.covariances;
  const Index n_features = mixture.n_features(), n_factors = covariances.n_factors, n_sets = deviations.rows();
  const Index n = principal_axes_width(n_features, n_factors);
  std::vector<Matrix> directions(static_cast<std::size_t>(n_sets), random_directions(n, n_features, random));
  std::vector<Matrix> found(static_cast<std::size_t>(n_sets));  // loadings of features of variance one
  Matrix projections(n_sets * n, n_features), units = deviations;
  for (int i = 0; i < kPasses + kRounds; ++i) {
    for (Index k = 0; k < n_sets; ++k)
      projections.middleRows(k * n, n) =
          directions[static_cast<std::size_t>(k)] * units.row(k).cwiseInverse().asDiagonal();
    const SufficientStatistics statistics = pass(projections);
    for (Index k = 0; k < n_sets; ++k) {
      Matrix& mine = directions[static_cast<std::size_t>(k)];
      Matrix images = image(statistics, k, units);
      if (i + 1 >= kPasses) {
        Matrix& own = found[static_cast<std::size_t>(k)];
        own = units.row(k).cwiseQuotient(deviations.row(k)).asDiagonal() * loadings(mine, images, n_factors);
        if (i + 1 == kPasses + kRounds) continue;
        const Vector deviation =
            deviations.row(k).transpose().cwiseProduct((1 - explained_shares(own).array()).sqrt().matrix());
        images = units.row(k).transpose().cwiseQuotient(deviation).asDiagonal() * images;
        units.row(k) = deviation.transpose();
      }
      mine = orthonormal_rows(images);
    }
  }
  for (Index k = 0; k < mixture.n_components(); ++k)
    take_loadings(found[static_cast<std::size_t>(n_sets > 1 ? k : 0)], covariances.loadings_and_noise(k));
  Workspace workspace;
  factorise(covariances, workspace, mixture.factors);
}

}  // namespace gaussmix
