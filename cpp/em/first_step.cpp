#include "em/first_step.hpp"

#include "em/initialise.hpp"
#include "em/m_step.hpp"
#include "em/principal_axes.hpp"

namespace gaussmix {

namespace {

Mixture without_loadings(const FirstStep& step, const SufficientStatistics& statistics) {
  return m_step(statistics, step.structure, step.regularisation, nullptr, step.e_step.execution(), step.repairs);
}

// `pass` sums the same shares of the rows once more.
Mixture with_own_axes(const FirstStep& step, const SufficientStatistics& statistics, const ProjectedPass& pass) {
  Mixture mixture = without_loadings(step, statistics);
  const Index n_factors = step.structure.n_factors();
  if (n_factors == 0) return mixture;
  Matrix deviations(mixture.n_components(), mixture.n_features());
  for (Index k = 0; k < mixture.n_components(); ++k)
    deviations.row(k) = mixture.covariances.loadings_and_noise(k).col(n_factors).cwiseSqrt().transpose();
  take_principal_axes(pass, deviations, step.axes, mixture);
  return mixture;
}

}  // namespace

Mixture FirstStep::from_centres(const Matrix& centres) const {
  const auto pass = [&](ScatterKind kind, const Matrix& projections) {
    return e_step.nearest_centre(centres, moments.scale.each, kind, projections);
  };
  return with_own_axes(*this, pass(structure.need_at_start(), {}),
                       [&](const Matrix& projections) { return pass(ScatterKind::factor, projections); });
}

Mixture FirstStep::from_responsibilities(const double* responsibilities, Index n_components) const {
  const SufficientStatistics statistics =
      statistics_from_responsibilities(e_step, responsibilities, n_components, moments.mean, structure.need_at_start());
  return with_own_axes(*this, statistics, [&](const Matrix& projections) {
    return e_step.given(responsibilities, statistics.mean, ScatterKind::factor, projections);
  });
}

Mixture FirstStep::from_blurred(const SufficientStatistics& statistics) const {
  Mixture mixture = without_loadings(*this, statistics);
  const Matrix centre = moments.mean.transpose(), deviations = moments.scale.each.transpose();
  if (structure.n_factors() > 0)
    take_principal_axes(
        [&](const Matrix& projections) {
          return e_step.nearest_centre(centre, moments.scale.each, ScatterKind::factor, projections);
        },
        deviations, axes, mixture);
  return mixture;
}

}  // namespace gaussmix
