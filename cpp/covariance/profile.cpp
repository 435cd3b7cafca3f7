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

VectorMap logarithms(const VectorView& scatter, Workspace& workspace) {
  VectorMap logs = workspace.vector(scatter.size());
  for (Index j = 0; j < scatter.size(); ++j) logs[j] = std::log(std::max(scatter[j], 1e-300));
  return logs;
}

Filling fill_to_volume(const VectorView& scatter, double log_volume, double least, Workspace& workspace,
                       Eigen::Ref<Vector> variances) {
  const Workspace::Scope scope(workspace);
  const Index n = scatter.size();
  const VectorMap logs = logarithms(scatter, workspace);
  VectorMap sorted = workspace.vector(n);
  sorted = logs;
  std::sort(sorted.begin(), sorted.end());
  double above = 0;  // sum of the logs of those that are not at the bound
  for (const double log : sorted) above += log;
  const double log_least = std::log(least);
  Filling filling{0, 1};
  for (Index at_bound = 0; at_bound < n; ++at_bound) {
    filling.n_free = static_cast<double>(n - at_bound);
    filling.log_factor =
        (above - (static_cast<double>(n) * log_volume - static_cast<double>(at_bound) * log_least)) / filling.n_free;
    const double smallest = sorted[at_bound];
    if (smallest - filling.log_factor >= log_least) break;
    above -= smallest;
  }
  for (Index j = 0; j < n; ++j) variances[j] = std::max(least, std::exp(logs[j] - filling.log_factor));
  return filling;
}

// --- equal volumes where some component is all but flat ---

// A component of lower rank has variances at the bound, and to have the volume of the others its other variances would have to
// be larger than any that data have. They are kept within so many times the least of the component that this one, at the
// bound, goes with a hundred times the variance of the columns; a matrix can hold both.
double largest_condition(const EigenvalueBound& bound) { return 100 * bound.most / bound.least; }
constexpr int kHalvings = 60;

bool at_condition(const MatrixView& variances, const EigenvalueBound& bound) {
  return variances.maxCoeff() >= largest_condition(bound) * variances.minCoeff() * (1 - 1e-9);
}

// Of a component with such scatters, whatever its volume: cut to [u, condition u] they are the best of this condition, where
// the small ones gain what the large ones lose.
double log_cut(const VectorView& logs, double log_condition) {
  double high = logs.maxCoeff() - log_condition, low = high - std::log(static_cast<double>(logs.size()) + 1);
  for (int round = 0; round < kHalvings; ++round) {
    const double middle = 0.5 * (low + high);
    double excess = 0;
    for (const double log : logs) {
      if (log < middle) excess += 1 - std::exp(log - middle);
      if (log > middle + log_condition) excess += 1 - std::exp(log - middle - log_condition);
    }
    (excess < 0 ? low : high) = middle;
  }
  return high;
}

// Like fill_to_volume(), and within the condition; returns the log of the factor.
double fill_within_condition(const VectorView& scatter, double log_volume, double cut, const EigenvalueBound& bound,
                             Workspace& workspace, Eigen::Ref<Vector> log_variances) {
  const Workspace::Scope scope(workspace);
  const VectorMap logs = logarithms(scatter, workspace);
  const double log_least = std::log(bound.least), log_condition = std::log(largest_condition(bound));
  double low = cut - log_volume, high = logs.maxCoeff() - log_volume;  // none below the volume, none above
  const auto fill = [&](double log_factor) {
    const double smallest = std::max(log_least, cut - log_factor);
    log_variances = (logs.array() - log_factor).max(smallest).min(smallest + log_condition);
  };
  for (int round = 0; round < kHalvings; ++round) {
    const double middle = 0.5 * (low + high);
    fill(middle);
    (log_variances.mean() > log_volume ? low : high) = middle;
  }
  fill(high);
  return high;
}

// The best volume as below, by halving.
void maximise_equal_volume_within_condition(const MatrixView& scatter, const VectorView& weight,
                                            const EigenvalueBound& bound, Workspace& workspace, MatrixMap variances) {
  const Workspace::Scope scope(workspace);
  VectorMap component = workspace.vector(scatter.cols()), cut = workspace.vector(scatter.rows());
  for (Index k = 0; k < scatter.rows(); ++k) {
    const Workspace::Scope of_one(workspace);
    cut[k] = log_cut(logarithms(scatter.row(k).transpose(), workspace), std::log(largest_condition(bound)));
  }
  const auto excess = [&](double log_volume) {
    double sum = -weight.sum();
    for (Index k = 0; k < scatter.rows(); ++k) {
      sum +=
          std::exp(fill_within_condition(scatter.row(k).transpose(), log_volume, cut[k], bound, workspace, component));
      variances.row(k) = component.array().exp().transpose();
    }
    return sum;
  };
  // At the trace of all no component needs a factor of its weight.
  const double log_least = std::log(bound.least);
  double low = log_least, high = std::max(log_least, std::log(scatter.sum() / weight.sum()));
  for (int round = 0; round < kHalvings; ++round) {
    const double middle = 0.5 * (low + high);
    (excess(middle) > 0 ? low : high) = middle;
  }
  excess(high);
}

// v_kj = volume shape_kj with shapes of geometric mean one. In logarithms the problem is convex; the factors c_k are its
// multipliers, so that the best volume, unless it is the bound itself, has sum_k c_k = sum_k n_k. The logarithm of the left
// side falls with that of the volume and is convex: Newton's method meets the root from below, in one step where nothing is at
// the bound.
void maximise_equal_volume(const MatrixView& scatter, const VectorView& weight, const EigenvalueBound& bound,
                           Workspace& workspace, MatrixMap variances) {
  const Workspace::Scope scope(workspace);
  const Index n_components = scatter.rows(), n_features = scatter.cols();
  const double log_weight = std::log(weight.sum()), log_least = std::log(bound.least);
  double log_volume = log_least;
  VectorMap component = workspace.vector(n_features);
  VectorMap log_factor = workspace.vector(n_components), slope = workspace.vector(n_components),
            factor = workspace.vector(n_components);
  for (int round = 0; round < kMostRounds; ++round) {
    for (Index k = 0; k < n_components; ++k) {
      const Filling filling = fill_to_volume(scatter.row(k).transpose(), log_volume, bound.least, workspace, component);
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
  for (Index k = 0; k < n_components; ++k)
    if (at_condition(variances.row(k), bound))
      return maximise_equal_volume_within_condition(scatter, weight, bound, workspace, variances);
}

}  // namespace

Index n_profile_parameters(const Profile& profile, Index n_components, Index n_features) {
  const Index volumes = profile.volume == Across::equal ? 1 : n_components;
  const Index shapes = profile.shape == Across::equal ? 1 : n_components;
  return volumes + shapes * (n_features - 1);
}

void maximise_profile(const Profile& profile, const MatrixView& scatter, const VectorView& weight,
                      const EigenvalueBound& bound, Begin begin, Workspace& workspace, MatrixMap variances) {
  const bool equal_volume = profile.volume == Across::equal;
  if (profile.shape == Across::variable) {
    if (equal_volume)
      maximise_equal_volume(scatter, weight, bound, workspace, variances);
    else
      variances = (scatter.array().colwise() / weight.array()).cwiseMax(bound.least);
  } else if (equal_volume) {
    variances.row(0) = (scatter.colwise().sum() / weight.sum()).cwiseMax(bound.least);
    for (Index k = 1; k < variances.rows(); ++k) variances.row(k) = variances.row(0);
  } else {
    maximise_equal_shape(scatter, weight, bound.least, begin, workspace, variances);
  }
}

double profile_objective(const MatrixView& scatter, const VectorView& weight, const MatrixView& variances) {
  return -0.5 * ((variances.array().log().rowwise().sum() * weight.array()).sum() +
                 (scatter.array() / variances.array()).sum());
}

void note_lifted(const Profile& profile, const MatrixView& scatter, const VectorView& weight,
                 const EigenvalueBound& bound, const MatrixView& variances, std::vector<Lifted>& lifted) {
  const double at_bound = bound.least * (1 + 1e-9);
  if (profile.volume == Across::equal && profile.shape == Across::equal) {
    if (variances.minCoeff() <= at_bound)
      lifted.push_back({Lifted::kCommon, (scatter.colwise().sum() / weight.sum()).minCoeff()});
    return;
  }
  const bool of_condition = profile.volume == Across::equal;
  for (Index k = 0; k < scatter.rows(); ++k)
    if (variances.row(k).minCoeff() <= at_bound || (of_condition && at_condition(variances.row(k), bound)))
      lifted.push_back({k, std::min(bound.least, scatter.row(k).minCoeff() / weight[k])});
}

}  // namespace gaussmix
