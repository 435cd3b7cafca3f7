#include "covariance/catalogue.hpp"
#include "covariance/profile.hpp"
#include "covariance/spectral_form.hpp"
#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

// EEV, VEV, EVV: eigenvectors of each scatter, and variances volume_k shape_kj along them (Celeux & Govaert 1995, models
// [lambda D_k A D_k^T], [lambda_k D_k A D_k^T], [lambda C_k]). The largest variance goes with the largest eigenvalue.
class OwnAxes final : public Structure {
 public:
  OwnAxes(std::string_view code, Profile profile) : code_(code), profile_(profile) {}
  std::string_view name() const override { return code_; }
  std::string_view code() const override { return code_; }
  CovarianceShape shape() const override { return CovarianceShape::full; }
  ScatterKind need() const override { return ScatterKind::full; }
  bool one_unit() const override { return profile_.shape == Across::equal; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_profile_parameters(profile_, n_components, n_features) + n_components * n_features * (n_features - 1) / 2;
  }
  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound& bound,
                Workspace& workspace, Covariances& covariances) const override {
    const Index n_components = statistics.n_components(), n_features = statistics.n_features();
    reshape(covariances, shape(), n_components, n_features);
    const Workspace::Scope scope(workspace);
    const MatrixStack scaled = workspace.matrices(n_components, n_features),
                      axes = workspace.matrices(n_components, n_features);
    MatrixMap scatter = workspace.matrix(n_components, n_features),
              variances = workspace.matrix(n_components, n_features);
    ColumnMap pooled = workspace.columns(n_features, n_features);
    pooled.setZero();
    for (Index k = 0; k < n_components; ++k) {
      in_units_of(bound.scale.each, statistics.full(k), scaled[k]);
      pooled += scaled[k];
    }
    for (Index k = 0; k < n_components; ++k) {
      const Workspace::Scope of_one(workspace);
      Spectrum spectrum = spectrum_of(scaled[k], workspace);
      settle_null_space(pooled, workspace, spectrum);
      axes[k] = spectrum.axes;
      scatter.row(k) = spectrum.eigenvalues.cwiseMax(0.0).transpose();
    }
    const bool carried_on = previous != nullptr && keeps_shape();
    if (carried_on) take_shape(in_units_of(bound.scale.each, previous->matrix(0), workspace), workspace, variances);
    maximise_profile(profile_, scatter, statistics.weight, bound, carried_on ? Begin::given : Begin::anywhere,
                     workspace, variances);
    note_lifted(profile_, scatter, statistics.weight, bound, variances, covariances.lifted);
    for (Index k = 0; k < n_components; ++k) {
      const auto own = variances.row(k).transpose();
      set_spectral(covariances, k, bound.scale.each, axes[k], own, workspace);
      note_lost(covariances, scaled[k], statistics.weight[k], axes[k], own, bound.least);
    }
  }

 private:
  // VEV takes the shape that there was, so that rounds which end before the best one is found lead no further from it.
  bool keeps_shape() const { return profile_.shape == Across::equal && profile_.volume == Across::variable; }
  static void take_shape(const ColumnView& before, Workspace& workspace, MatrixMap variances) {
    const Workspace::Scope scope(workspace);
    variances = spectrum_of(before, workspace).eigenvalues.transpose().replicate(variances.rows(), 1);
  }

  std::string_view code_;
  Profile profile_;
};

}  // namespace

std::span<const Structure* const> own_axes_structures() {
  static const OwnAxes eev("EEV", {Across::equal, Across::equal}), vev("VEV", {Across::variable, Across::equal}),
      evv("EVV", {Across::equal, Across::variable});
  static const Structure* const all[] = {&eev, &vev, &evv};
  return all;
}

}  // namespace gaussmix
