#include "covariance/profile.hpp"

#include <algorithm>
#include <cmath>

namespace gaussmix {

namespace {

// Logarithms of variances that change by less make no difference to the likelihood, which is flat there.
constexpr double kUnchanged = 1e-11;
constexpr int kMostRounds = 1000;

// v_kj = volume_k shape_j. Each of the two is the exact optimum given the other.
void maximise_equal_shape(const MatrixView& scatter, const VectorView& weight, double least, Begin begin,
                          Workspace& workspace, MatrixMap variances) {
  const Workspace::Scope scope(workspace);
  const double n_features = static_cast<double>(scatter.cols());
  VectorMap shape = workspace.vector(scatter.cols()), inverse_shape = workspace.vector(scatter.cols());
  VectorMap volume = workspace.vector(scatter.rows()), before = workspace.vector(scatter.rows()),
            inverse_volume = workspace.vector(scatter.rows());
  if (begin == Begin::given)
    shape = variances.row(0).transpose();
  else
    shape = scatter.colwise().sum().transpose() / weight.sum();
  shape = shape.cwiseMax(std::max(least, 1e-300));
  volume.setOnes();
  for (int round = 0; round < kMostRounds; ++round) {
    before = volume;
    inverse_shape = shape.cwiseInverse();
    volume.noalias() = scatter * inverse_shape;
    volume = volume.cwiseQuotient(weight) / n_features;
    volume = volume.cwiseMax(least / shape.minCoeff());
    inverse_volume = volume.cwiseInverse();
    shape.noalias() = scatter.transpose() * inverse_volume;
    shape = (shape / weight.sum()).cwiseMax(least / volume.minCoeff());
    if (round > 0 && (volume.array() / before.array()).log().abs().maxCoeff() < kUnchanged) break;
  }
  variances.noalias() = volume * shape.transpose();
}

// The variances of one component with a given mean log that are best for its scatters: w_j / factor, but for those that lie at
// the bound.
struct Filling {
  double log_factor;
  double n_free;  // variances above the bound
};

Filling fill_to_volume(const VectorView& scatter, double log_volume, double least, Workspace& workspace,
                       Eigen::Ref<Vector> variances) {
  const Workspace::Scope scope(workspace);
  const Index n = scatter.size();
  VectorMap logs = workspace.vector(n);
  for (Index j = 0; j < n; ++j) logs[j] = std::log(std::max(scatter[j], 1e-300));
  std::sort(logs.begin(), logs.end());
  double above = 0;  // sum of the logs of those that are not at the bound
  for (const double log : logs) above += log;
  const double log_least = std::log(least);
  Filling filling{0, 1};
  for (Index at_bound = 0; at_bound < n; ++at_bound) {
    filling.n_free = static_cast<double>(n - at_bound);
    filling.log_factor =
        (above - (static_cast<double>(n) * log_volume - static_cast<double>(at_bound) * log_least)) / filling.n_free;
    const double smallest = logs[at_bound];
    if (smallest - filling.log_factor >= log_least) break;
    above -= smallest;
  }
  for (Index j = 0; j < n; ++j)
    variances[j] = std::max(least, std::exp(std::log(std::max(scatter[j], 1e-300)) - filling.log_factor));
  return filling;
}

// v_kj = volume shape_kj with shapes of geometric mean one. In logarithms the problem is convex; the factors c_k are its
// multipliers, so that the best volume, unless it is the bound itself, has sum_k c_k = sum_k n_k. The logarithm of the left
// side falls with that of the volume and is convex: Newton's method meets the root from below, in one step where nothing is at
// the bound.
void maximise_equal_volume(const MatrixView& scatter, const VectorView& weight, double least, Workspace& workspace,
                           MatrixMap variances) {
  const Workspace::Scope scope(workspace);
  const Index n_components = scatter.rows(), n_features = scatter.cols();
  const double log_weight = std::log(weight.sum()), log_least = std::log(least);
  double log_volume = log_least;
  VectorMap component = workspace.vector(n_features);
  VectorMap log_factor = workspace.vector(n_components), slope = workspace.vector(n_components),
            factor = workspace.vector(n_components);
  for (int round = 0; round < kMostRounds; ++round) {
    for (Index k = 0; k < n_components; ++k) {
      const Filling filling = fill_to_volume(scatter.row(k).transpose(), log_volume, least, workspace, component);
      variances.row(k) = component.transpose();
      log_factor[k] = filling.log_factor;
      slope[k] = static_cast<double>(n_features) / filling.n_free;
    }
    const double largest = log_factor.maxCoeff();
    factor = (log_factor.array() - largest).exp();
    const double excess = largest + std::log(factor.sum()) - log_weight;
    const double step = excess * factor.sum() / factor.dot(slope);
    const double next = std::max(log_least, log_volume + step);
    if (std::abs(next - log_volume) < kUnchanged) break;
    log_volume = next;
  }
}

}  // namespace

Index n_profile_parameters(const Profile& profile, Index n_components, Index n_features) {
  const Index volumes = profile.volume == Across::equal ? 1 : n_components;
  const Index shapes = profile.shape == Across::equal ? 1 : n_components;
  return volumes + shapes * (n_features - 1);
}

void maximise_profile(const Profile& profile, const MatrixView& scatter, const VectorView& weight, double least,
                      Begin begin, Workspace& workspace, MatrixMap variances) {
  const bool equal_volume = profile.volume == Across::equal;
  if (profile.shape == Across::variable) {
    if (equal_volume)
      maximise_equal_volume(scatter, weight, least, workspace, variances);
    else
      variances = (scatter.array().colwise() / weight.array()).cwiseMax(least);
  } else if (equal_volume) {
    variances.row(0) = (scatter.colwise().sum() / weight.sum()).cwiseMax(least);
    for (Index k = 1; k < variances.rows(); ++k) variances.row(k) = variances.row(0);
  } else {
    maximise_equal_shape(scatter, weight, least, begin, workspace, variances);
  }
}

double profile_objective(const MatrixView& scatter, const VectorView& weight, const MatrixView& variances) {
  return -0.5 * ((variances.array().log().rowwise().sum() * weight.array()).sum() +
                 (scatter.array() / variances.array()).sum());
}

void note_lifted(const Profile& profile, const MatrixView& scatter, const VectorView& weight, double least,
                 const MatrixView& variances, std::vector<Lifted>& lifted) {
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
