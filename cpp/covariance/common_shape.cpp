#include <algorithm>
#include <cmath>

#include "covariance/catalogue.hpp"
#include "covariance/spectral_form.hpp"
#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

constexpr double kUnchanged = 1e-11;  // of log volumes
constexpr int kMostRounds = 1000;
constexpr int kMostWarmRounds = 8;  // from the last M-step's result on, whose successor will go on

// VEE: Sigma_k = volume_k C (Celeux & Govaert 1995, model [lambda_k C]), volumes and C in turn best for one another: what they
// descend is convex along the geodesics of positive definite matrices, so there is one optimum.
class CommonShape final : public Structure {
 public:
  std::string_view name() const override { return code(); }
  std::string_view code() const override { return "VEE"; }
  CovarianceShape shape() const override { return CovarianceShape::full; }
  ScatterKind need() const override { return ScatterKind::full; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_components - 1 + n_features * (n_features + 1) / 2;
  }
  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound& bound,
                Workspace& workspace, Covariances& covariances) const override {
    const Index n_components = statistics.n_components(), n_features = statistics.n_features();
    reshape(covariances, shape(), n_components, n_features);
    const Workspace::Scope scope(workspace);
    const MatrixStack scatter = workspace.matrices(n_components, n_features);
    for (Index k = 0; k < n_components; ++k) in_units_of(bound.scale.each, statistics.full(k), scatter[k]);
    Common common(n_components, n_features, bound.least, workspace);
    ColumnMap matrix = workspace.columns(n_features, n_features);
    if (previous != nullptr)
      in_units_of(bound.scale.each, previous->matrix(0), matrix);
    else
      pool(scatter, statistics.weight, common.volume, matrix);
    common.set(matrix, workspace);
    VectorMap before = workspace.vector(n_components);
    const int most = previous != nullptr ? kMostWarmRounds : kMostRounds;
    for (int round = 0; round < most; ++round) {
      before = common.volume;
      common.set_volumes(scatter, statistics.weight, workspace);
      pool(scatter, statistics.weight, common.volume, matrix);
      common.set(matrix, workspace);
      if (round > 0 && (common.volume.array() / before.array()).log().abs().maxCoeff() < kUnchanged) break;
    }
    VectorMap variances = workspace.vector(n_features);
    for (Index k = 0; k < n_components; ++k) {
      variances = common.volume[k] * common.variances;
      set_spectral(covariances, k, bound.scale.each, common.spectrum.axes, variances, workspace);
      if (variances.minCoeff() <= bound.least * (1 + 1e-9))
        covariances.lifted.push_back({k, std::clamp(common.volume[k] * common.smallest_eigenvalue, 0.0, bound.least)});
    }
  }

 private:
  struct Common {
    Spectrum spectrum;               // of C to a factor, features in their own units
    VectorMap volume;                // K
    VectorMap variances;             // D, of C, along its eigenvectors; the largest is 1
    double least;                    // the bound
    double smallest_eigenvalue = 0;  // of C before the bound lifted it

    Common(Index n_components, Index n_features, double bound, Workspace& workspace)
        : spectrum(n_features, workspace),
          volume(workspace.vector(n_components)),
          variances(workspace.vector(n_features)),
          least(bound) {
      volume.setOnes();
    }

    void set(const ColumnView& matrix, Workspace& workspace) {
      find_spectrum(matrix, workspace, spectrum);
      variances = spectrum.eigenvalues.cwiseMax(least / volume.minCoeff());
      // Any factor may go from C to the volumes. Left alone it would grow from round to round where a component has no extent.
      const double factor = variances.maxCoeff();
      variances /= factor;
      volume *= factor;
      smallest_eigenvalue = spectrum.eigenvalues.minCoeff() / factor;
    }
    void set_volumes(const MatrixStack& scatter, const VectorView& weight, Workspace& workspace) {
      const Workspace::Scope scope(workspace);
      const ColumnMap& axes = spectrum.axes;
      const auto n_features = static_cast<double>(variances.size());
      ColumnMap turned = workspace.columns(axes.rows(), axes.cols());
      for (Index k = 0; k < volume.size(); ++k) {
        turned.noalias() = scatter[k] * axes;
        double trace = 0;  // of C^-1 W_k; rounding must not make it negative along any axis
        for (Index j = 0; j < variances.size(); ++j)
          trace += std::max(axes.col(j).dot(turned.col(j)), 0.0) / variances[j];
        volume[k] = std::max(trace / (weight[k] * n_features), least / variances.minCoeff());
      }
    }
  };

  static void pool(const MatrixStack& scatter, const VectorView& weight, const VectorView& volume, ColumnMap pooled) {
    pooled = scatter[0] / volume[0];
    for (Index k = 1; k < scatter.count; ++k) pooled += scatter[k] / volume[k];
    pooled /= weight.sum();
  }
};

}  // namespace

const Structure& common_shape_structure() {
  static const CommonShape instance;
  return instance;
}

}  // namespace gaussmix
