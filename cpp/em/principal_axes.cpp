#include "em/principal_axes.hpp"

#include <Eigen/Eigenvalues>
#include <Eigen/QR>

namespace gaussmix {

namespace {

constexpr int kPasses = 4;
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

double total_variance(const SufficientStatistics& statistics, Index k, const Matrix& deviations) {
  if (!(statistics.weight[k] > 0)) return 0;
  return statistics.projected(k)
             .col(statistics.n_projections)
             .cwiseQuotient(deviations.row(k).transpose().cwiseAbs2())
             .sum() /
         statistics.weight[k];
}

// Loadings of features of variance one, from the image of orthonormal directions (Rayleigh & Ritz).
Matrix loadings(const Matrix& directions, const Matrix& images, double total, Index n_factors) {
  Eigen::MatrixXd inner = directions * images;
  inner = Eigen::MatrixXd(0.5 * (inner + inner.transpose()));
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(inner);
  const Vector largest = solver.eigenvalues().tail(n_factors);
  const Index others = directions.cols() - n_factors;
  const double mean_of_others = others > 0 ? std::max(0.0, total - largest.sum()) / static_cast<double>(others) : 0.0;
  const Vector root = (largest.array() - mean_of_others).max(kLeastGain).sqrt();
  return directions.transpose() * solver.eigenvectors().rightCols(n_factors) * root.asDiagonal();
}

void take_loadings(const Matrix& loadings, MatrixMap loadings_and_noise) {
  const Index n_factors = loadings.cols();
  const Vector variance = loadings_and_noise.col(n_factors);
  const Vector explained = loadings.rowwise().squaredNorm();
  for (Index d = 0; d < variance.size(); ++d) {
    const double share = std::min(explained[d], 1 - kLeastNoise);
    const double factor = explained[d] > 0 ? std::sqrt(share / explained[d] * variance[d]) : 0.0;
    loadings_and_noise.row(d).head(n_factors) = factor * loadings.row(d);
    loadings_and_noise(d, n_factors) = (1 - share) * variance[d];
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
  Matrix projections(n_sets * n, n_features);
  for (int i = 0; i < kPasses; ++i) {
    for (Index k = 0; k < n_sets; ++k)
      projections.middleRows(k * n, n) =
          directions[static_cast<std::size_t>(k)] * deviations.row(k).cwiseInverse().asDiagonal();
    const SufficientStatistics statistics = pass(projections);
    for (Index k = 0; k < n_sets; ++k) {
      Matrix& mine = directions[static_cast<std::size_t>(k)];
      const Matrix images = image(statistics, k, deviations);
      mine = i + 1 < kPasses ? orthonormal_rows(images)
                             : loadings(mine, images, total_variance(statistics, k, deviations), n_factors);
    }
  }
  for (Index k = 0; k < mixture.n_components(); ++k)
    take_loadings(directions[static_cast<std::size_t>(n_sets > 1 ? k : 0)], covariances.loadings_and_noise(k));
  factorise(covariances, mixture.factors);
}

}  // namespace gaussmix
