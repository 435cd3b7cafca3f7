#include "covariance/profile.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gaussmix {

namespace {

// Logarithms of variances that change by less make no difference to the likelihood, which is flat there.
constexpr double kUnchanged = 1e-11;
constexpr int kMostRounds = 1000;

// v_kj = volume_k shape_j. Each of the two is the exact optimum given the other.
void maximise_equal_shape(const Matrix& scatter, const Vector& weight, double least, Matrix& variances) {
  const double n_features = static_cast<double>(scatter.cols());
  Vector shape = variances.rows() > 0 ? Vector(variances.row(0)) : Vector(scatter.colwise().sum() / weight.sum());
  shape = shape.cwiseMax(std::max(least, 1e-300));
  Vector volume = Vector::Ones(scatter.rows()), before;
  for (int round = 0; round < kMostRounds; ++round) {
    before = volume;
    volume = (scatter * shape.cwiseInverse()).cwiseQuotient(weight) / n_features;
    volume = volume.cwiseMax(least / shape.minCoeff());
    shape = scatter.transpose() * volume.cwiseInverse() / weight.sum();
    shape = shape.cwiseMax(least / volume.minCoeff());
    if (round > 0 && (volume.array() / before.array()).log().abs().maxCoeff() < kUnchanged) break;
  }
  variances.noalias() = volume * shape.transpose();
}

// The variances of one component with a given mean log that are best for its scatters: proportional to them, but for those
// that lie at the bound.
void fill_to_volume(const Eigen::Ref<const Vector>& scatter, double log_volume, double least,
                    Eigen::Ref<Vector> variances) {
  const Index n = scatter.size();
  std::vector<double> logs(static_cast<std::size_t>(n));
  for (Index j = 0; j < n; ++j) logs[static_cast<std::size_t>(j)] = std::log(std::max(scatter[j], 1e-300));
  std::sort(logs.begin(), logs.end());
  double above = 0;  // sum of the logs of those that are not at the bound
  for (const double log : logs) above += log;
  const double log_least = std::log(least);
  double log_factor = 0;
  for (Index at_bound = 0; at_bound < n; ++at_bound) {
    log_factor = (above - (static_cast<double>(n) * log_volume - static_cast<double>(at_bound) * log_least)) /
                 static_cast<double>(n - at_bound);
    const double smallest = logs[static_cast<std::size_t>(at_bound)];
    if (smallest - log_factor >= log_least) break;
    above -= smallest;
  }
  for (Index j = 0; j < n; ++j)
    variances[j] = std::max(least, std::exp(std::log(std::max(scatter[j], 1e-300)) - log_factor));
}

// v_kj = volume shape_kj with shapes of geometric mean one.
void maximise_equal_volume(const Matrix& scatter, const Vector& weight, double least, Matrix& variances) {
  const Index n_components = scatter.rows(), n_features = scatter.cols();
  const double size = weight.sum() * static_cast<double>(n_features), log_least = std::log(least);
  // Where nothing is at the bound, shapes do not depend on the volume: one round finds both.
  double log_volume = std::max(log_least, std::log(std::max(scatter.sum() / size, 1e-300)));
  variances.resize(n_components, n_features);
  Vector component(n_features);
  for (int round = 0; round < kMostRounds; ++round) {
    double sum = 0, highest = log_least;  // the volume must leave no variance below the bound
    for (Index k = 0; k < n_components; ++k) {
      fill_to_volume(scatter.row(k).transpose(), log_volume, least, component);
      variances.row(k) = component.transpose();
      sum += (scatter.row(k).transpose().array() / component.array()).sum();
      highest = std::max(highest, log_volume + log_least - std::log(component.minCoeff()));
    }
    const double found = std::max(highest, log_volume + std::log(std::max(sum / size, 1e-300)));
    variances *= std::exp(found - log_volume);
    if (std::abs(found - log_volume) < kUnchanged) break;
    log_volume = found;
  }
}

}  // namespace

Index n_profile_parameters(const Profile& profile, Index n_components, Index n_features) {
  const Index volumes = profile.volume == Across::equal ? 1 : n_components;
  const Index shapes = profile.shape == Across::equal ? 1 : n_components;
  return volumes + shapes * (n_features - 1);
}

void maximise_profile(const Profile& profile, const Matrix& scatter, const Vector& weight, double least,
                      Matrix& variances) {
  const bool equal_volume = profile.volume == Across::equal;
  if (profile.shape == Across::variable) {
    if (equal_volume)
      maximise_equal_volume(scatter, weight, least, variances);
    else
      variances = (scatter.array().colwise() / weight.array()).cwiseMax(least);
  } else if (equal_volume) {
    variances = (scatter.colwise().sum() / weight.sum()).cwiseMax(least).replicate(scatter.rows(), 1);
  } else {
    maximise_equal_shape(scatter, weight, least, variances);
  }
}

double profile_objective(const Matrix& scatter, const Vector& weight, const Matrix& variances) {
  return -0.5 * ((variances.array().log().rowwise().sum() * weight.array()).sum() +
                 (scatter.array() / variances.array()).sum());
}

void note_lifted(const Profile& profile, const Matrix& scatter, const Vector& weight, double least,
                 const Matrix& variances, std::vector<Lifted>& lifted) {
  const double at_bound = least * (1 + 1e-9);
  if (profile.volume == Across::equal && profile.shape == Across::equal) {
    if (variances.minCoeff() <= at_bound)
      lifted.push_back({Lifted::kCommon, (scatter.colwise().sum() / weight.sum()).minCoeff()});
    return;
  }
  for (Index k = 0; k < scatter.rows(); ++k)
    if (variances.row(k).minCoeff() <= at_bound)
      lifted.push_back({k, std::min(least, scatter.row(k).minCoeff() / weight[k])});
}

}  // namespace gaussmix
