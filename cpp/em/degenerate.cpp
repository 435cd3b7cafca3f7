#include "em/degenerate.hpp"

#include <limits>

#include "em/seeding.hpp"
#include "linalg/spectral.hpp"
#include "mixture/evaluate.hpp"

namespace gaussmix {

namespace {

constexpr double kAtFloor = Regularisation::kFloor * (1 + 1e-3);

// A share that no row is behind.
constexpr double kNoShare = 1e-20;

// Its own numbers among `values`, which hold as many for every component; all of them where one covariance serves all.
Index numbers_per_component(const Covariances& covariances) {
  return Covariances::size(covariances.shape, 1, covariances.n_features, covariances.n_factors);
}

// Those of component k: a matrix row by row, variances, or one.
ConstVectorMap numbers_of(const Covariances& covariances, Index k) {
  const Index size = numbers_per_component(covariances);
  return {covariances.values.data() + (covariances.shape == CovarianceShape::tied ? 0 : k * size), size};
}

// Eigenvalues of a covariance, given as `numbers_of` one, in units of `scale`; of spherical ones in the widest of the columns.
Vector scaled_eigenvalues(const Eigen::Ref<const Vector>& numbers, CovarianceShape shape, const ColumnScale& scale) {
  if (shape == CovarianceShape::spherical) return numbers / (scale.largest * scale.largest);
  if (shape == CovarianceShape::diag) return numbers.cwiseQuotient(scale.each.cwiseAbs2());
  const Index n_features = scale.each.size();
  const ConstMatrixMap covariance(numbers.data(), n_features, n_features);
  Workspace workspace;
  return spectrum_of(in_units_of(scale.each, covariance, workspace), workspace).eigenvalues;
}

// x x^T in as many numbers as a covariance of this shape has.
Vector outer_product(const Vector& x, CovarianceShape shape) {
  if (shape == CovarianceShape::spherical) return Vector::Constant(1, x.squaredNorm() / static_cast<double>(x.size()));
  if (shape == CovarianceShape::diag) return x.cwiseAbs2();
  const Matrix product = x * x.transpose();
  return ConstVectorMap(product.data(), product.size());
}

// Of all rows, as far as the shape tells it.
Vector overall_covariance(const Mixture& mixture) {
  const Covariances& covariances = mixture.covariances;
  const Vector centre = mixture.means.transpose() * mixture.weights;
  Vector sum = Vector::Zero(numbers_per_component(covariances));
  for (Index k = 0; k < mixture.n_components(); ++k)
    sum += mixture.weights[k] *
           (numbers_of(covariances, k) + outer_product(mixture.means.row(k).transpose() - centre, covariances.shape));
  return sum;
}

Index n_at_floor(const Vector& eigenvalues) { return (eigenvalues.array() <= kAtFloor).count(); }

// How many variances of the noise of component k lie at the floor, and the least, in units of `scale`.
std::pair<Index, double> least_noise(const Mixture& mixture, Index k, const Vector& scale) {
  const Covariances& covariances = mixture.covariances;
  const Vector noise = covariances.loadings_and_noise(k).col(covariances.n_factors).cwiseQuotient(scale.cwiseAbs2());
  return {n_at_floor(noise), noise.minCoeff()};
}

// Features of which the mixture has hardly any variance.
Index n_constant(const Mixture& mixture, const Vector& scale) {
  const Covariances& covariances = mixture.covariances;
  const Vector centre = mixture.means.transpose() * mixture.weights;
  Vector variance = Vector::Zero(mixture.n_features());
  for (Index k = 0; k < mixture.n_components(); ++k) {
    const ConstMatrixMap table = covariances.loadings_and_noise(k);
    variance += mixture.weights[k] *
                (table.leftCols(covariances.n_factors).rowwise().squaredNorm() + table.col(covariances.n_factors) +
                 (mixture.means.row(k).transpose() - centre).cwiseAbs2());
  }
  return n_at_floor(variance.cwiseQuotient(scale.cwiseAbs2()));
}

// Each factor may explain all of one feature (a Heywood case); with more such features the covariance is singular.
std::optional<DegenerateComponent> degenerate_factor_analyser(const Mixture& mixture, const Vector& scale) {
  const Index allowed = mixture.covariances.n_factors + n_constant(mixture, scale);
  std::optional<DegenerateComponent> lightest;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    if (lightest && mixture.weights[k] >= mixture.weights[lightest->number]) continue;
    const auto [n, least] = least_noise(mixture, k, scale);
    if (n > allowed)
      lightest = {k, least};
    else if (mixture.weights[k] <= kNoShare)
      lightest = {k, std::numeric_limits<double>::quiet_NaN()};
  }
  return lightest;
}

// Component k takes the average covariance of the others; or that of the heaviest, where an average would not be of the same
// volume, shape or orientation, as the structure demands, and of factor analysers, whose loadings have none.
void take_covariance_of_others(Mixture& mixture, Index k) {
  if (mixture.covariances.shape == CovarianceShape::tied) return;
  const Index size = numbers_per_component(mixture.covariances), n_components = mixture.n_components();
  MatrixMap values(mixture.covariances.values.data(), n_components, size);
  Vector shares = mixture.weights;
  shares[k] = 0;
  if (mixture.covariances.shape == CovarianceShape::factor || !mixture.structure->each_its_own()) {
    Eigen::Index heaviest = 0;
    shares.maxCoeff(&heaviest);
    values.row(k) = values.row(heaviest);
    return;
  }
  const Vector average = values.transpose() * (shares / shares.sum());
  values.row(k) = average.transpose();
}

}  // namespace

std::optional<DegenerateComponent> degenerate_component(const Mixture& mixture, const ColumnScale& scale) {
  const CovarianceShape shape = mixture.covariances.shape;
  if (shape == CovarianceShape::factor) return degenerate_factor_analyser(mixture, scale.each);
  const Index of_the_data = n_at_floor(scaled_eigenvalues(overall_covariance(mixture), shape, scale));
  std::optional<DegenerateComponent> lightest;
  for (Index k = 0; k < mixture.n_components(); ++k) {
    if (lightest && mixture.weights[k] >= mixture.weights[lightest->number]) continue;
    const Vector eigenvalues = scaled_eigenvalues(numbers_of(mixture.covariances, k), shape, scale);
    const bool singular = !mixture.structure->one_for_all() && n_at_floor(eigenvalues) > of_the_data;
    if (singular)
      lightest = {k, eigenvalues.minCoeff()};
    else if (mixture.weights[k] <= kNoShare)
      lightest = {k, std::numeric_limits<double>::quiet_NaN()};
  }
  return lightest;
}

Mixture without_component(const Mixture& mixture, Index k) {
  const Index n_components = mixture.n_components(), after = n_components - 1 - k;
  Mixture rest = mixture;
  rest.weights.segment(k, after) = mixture.weights.tail(after);
  rest.weights.conservativeResize(n_components - 1);
  rest.weights /= rest.weights.sum();
  rest.means.middleRows(k, after) = mixture.means.bottomRows(after);
  rest.means.conservativeResize(n_components - 1, Eigen::NoChange);
  if (mixture.covariances.shape != CovarianceShape::tied) {
    const auto size = static_cast<std::ptrdiff_t>(numbers_per_component(mixture.covariances));
    const auto cut = [&](std::vector<double>& values) {
      if (!values.empty()) values.erase(values.begin() + k * size, values.begin() + (k + 1) * size);
    };
    cut(rest.covariances.values);
    cut(rest.factors.inverse);
    cut(rest.factors.lower);
  }
  rest.factors.log_determinants.segment(k, after) = mixture.factors.log_determinants.tail(after);
  rest.factors.log_determinants.conservativeResize(n_components - 1);
  rest.covariances.n_components = rest.factors.n_components = n_components - 1;
  return rest;
}

Mixture reseeded(const Mixture& mixture, Index k, const EStep& e_step, const Regularisation& regularisation,
                 const Random& random) {
  const Data& data = e_step.data();
  Vector below(data.n_rows);
  kernels::Outputs outputs;
  outputs.log_density = below.data();
  evaluate(data, kernel_parameters(mixture), outputs, e_step.execution());
  below = (below.maxCoeff() - below.array()).matrix();
  for (Index i = 0; i < data.n_rows; ++i) below[i] *= data.weight(i);
  const Index row = draw(below, random.uniform(0));

  Mixture seeded = mixture;
  for (Index d = 0; d < data.n_features; ++d) seeded.means(k, d) = data.value(row, d);
  take_covariance_of_others(seeded, k);
  const auto n_components = static_cast<double>(mixture.n_components());
  const double others = 1 - mixture.weights[k];
  seeded.weights *= (1 - 1 / n_components) / others;
  seeded.weights[k] = 1 / n_components;
  Repairs not_counted(mixture.n_components());  // M-steps will tell what is wrong with it
  Regularisation quiet = regularisation.quiet();
  if (quiet.ridge) quiet.ridge = 0.0;
  Workspace workspace;
  regularise(seeded.covariances, quiet, seeded.weights, e_step.execution(), workspace, not_counted, seeded.factors);
  return seeded;
}

}  // namespace gaussmix
