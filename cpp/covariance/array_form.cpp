#include "covariance/array_form.hpp"

#include <cmath>
#include <string>

#include "base/errors.hpp"

namespace gaussmix {

namespace {

constexpr double kTolerance = 1e-6;

bool as_stored(const Structure& structure) { return array_shape(structure) == structure.shape(); }

[[noreturn]] void throw_of_another_structure(const Structure& structure, Index k, const char* what) {
  throw InvalidArgument("with '" + std::string(structure.name()) + "' the covariance of component " +
                        std::to_string(k) + " " + what);
}

// Position of a stored number in the array, whose matrices have `n_features` squared numbers.
template <class Visit>
void for_each_stored(const Structure& structure, Index n_components, Index n_features, Visit&& visit) {
  const bool spherical = structure.shape() == CovarianceShape::spherical;
  for (Index k = 0; k < n_components; ++k)
    for (Index d = 0; d < n_features; ++d)
      visit(spherical ? k : k * n_features + d, (k * n_features + d) * n_features + d);
}

}  // namespace

CovarianceShape array_shape(const Structure& structure) {
  const bool of_scikit_learn = structure.name() != structure.code();
  return of_scikit_learn ? structure.shape() : CovarianceShape::full;
}

Index array_size(const Structure& structure, Index n_components, Index n_features) {
  return Covariances::size(array_shape(structure), n_components, n_features, structure.n_factors());
}

std::vector<double> from_array_form(const Structure& structure, Index n_components, Index n_features,
                                    const double* array) {
  if (as_stored(structure)) return {array, array + array_size(structure, n_components, n_features)};
  std::vector<double> values(static_cast<std::size_t>(Covariances::size(structure.shape(), n_components, n_features)));
  for_each_stored(structure, n_components, n_features,
                  [&](Index to, Index from) { values[static_cast<std::size_t>(to)] = array[from]; });
  return values;
}

std::vector<double> to_array_form(const Structure& structure, Index n_components, Index n_features,
                                  std::vector<double> values) {
  if (as_stored(structure)) return values;
  std::vector<double> array(static_cast<std::size_t>(array_size(structure, n_components, n_features)), 0.0);
  for_each_stored(structure, n_components, n_features, [&](Index from, Index to) {
    array[static_cast<std::size_t>(to)] = values[static_cast<std::size_t>(from)];
  });
  return array;
}

void check_off_diagonals(const Structure& structure, Index n_components, Index n_features, const double* array) {
  if (as_stored(structure)) return;
  for (Index k = 0; k < n_components; ++k) {
    const ConstMatrixMap matrix(array + k * n_features * n_features, n_features, n_features);
    for (Index i = 0; i < n_features; ++i)
      for (Index j = 0; j < i; ++j)
        if (!(std::abs(matrix(i, j)) <= kTolerance * std::sqrt(std::abs(matrix(i, i) * matrix(j, j)))))
          throw_of_another_structure(structure, k, "must be diagonal");
    if (structure.shape() != CovarianceShape::spherical) continue;
    if (!((matrix.diagonal().array() - matrix(0, 0)).abs().maxCoeff() <= kTolerance * std::abs(matrix(0, 0))))
      throw_of_another_structure(structure, k, "must have equal variances");
  }
}

namespace {

// In which eigenvalues are found to their last digits, also where the columns are in very different units.
ColumnScale unit_of(const Structure& structure, const Covariances& covariances) {
  Vector each = Vector::Ones(covariances.n_features);
  if (!structure.one_unit() && covariances.shape == CovarianceShape::full) {
    each = covariances.matrix(0).diagonal().cwiseSqrt();
    for (Index k = 1; k < covariances.n_components; ++k)
      each = each.cwiseMin(covariances.matrix(k).diagonal().cwiseSqrt());
  }
  return {each, each.maxCoeff(), each.minCoeff()};
}

}  // namespace

// A covariance of the structure is the likeliest one for a scatter that is proportional to it.
void check_structure(const Structure& structure, const Covariances& covariances) {
  if (structure.each_its_own() || covariances.shape == CovarianceShape::tied) return;
  const Index n_components = covariances.n_components, n_features = covariances.n_features;
  SufficientStatistics statistics = make_statistics(structure.need(), n_components, n_features);
  statistics.weight.setOnes();
  statistics.scatter = covariances.values;
  if (covariances.shape == CovarianceShape::spherical)  // the trace
    for (double& value : statistics.scatter) value *= static_cast<double>(n_features);
  Workspace workspace;
  Covariances likeliest;
  structure.maximise(statistics, nullptr, {unit_of(structure, covariances), 1e-290}, workspace, likeliest);
  const Index size = static_cast<Index>(covariances.values.size()) / n_components;
  for (Index k = 0; k < n_components; ++k) {
    const ConstVectorMap given(covariances.values.data() + k * size, size),
        found(likeliest.values.data() + k * size, size);
    double difference = 0;
    for (Index i = 0; i < size; ++i) {
      double unit = given[i];
      if (covariances.shape == CovarianceShape::full)
        unit = std::sqrt(std::abs(given[(i / n_features) * (n_features + 1)])) *
               std::sqrt(std::abs(given[(i % n_features) * (n_features + 1)]));
      difference = std::max(difference, std::abs(given[i] - found[i]) / std::abs(unit));
    }
    if (!(difference <= kTolerance))
      throw_of_another_structure(structure, k, "must have in common with the others what that structure says");
  }
}

}  // namespace gaussmix
