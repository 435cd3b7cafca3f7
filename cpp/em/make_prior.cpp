#include "em/make_prior.hpp"

#include <cmath>

namespace gaussmix {

namespace {

// The sample covariance: weights are frequencies.
Matrix covariance_of_data(const ColumnMoments& moments, double unit, EStep& e_step) {
  const Index n = moments.mean.size();
  const SufficientStatistics all = e_step.nearest_centre(moments.mean.transpose(), Vector::Ones(n), ScatterKind::full);
  const double n_rows = all.weight[0] * unit;
  const Matrix covariance = all.full(0) / all.weight[0] * (n_rows >= 2 ? n_rows / (n_rows - 1) : 1.0);
  if (static_cast<double>(n) < n_rows) return covariance;
  return covariance.diagonal().asDiagonal();
}

}  // namespace

Prior make_prior(const PriorSettings& settings, Index n_components, const ColumnMoments& moments, double unit,
                 EStep& e_step) {
  const auto n = static_cast<double>(moments.mean.size());
  Prior prior;
  prior.unit = unit;
  prior.shrinkage = settings.shrinkage;
  prior.mean = settings.mean.value_or(moments.mean);
  prior.dof = settings.dof.value_or(n + 2);
  prior.scale = settings.scale
                    ? *settings.scale
                    : covariance_of_data(moments, unit, e_step) * std::pow(static_cast<double>(n_components), -2 / n);
  return prior;
}

}  // namespace gaussmix
