#include "covariance/catalogue.hpp"
#include "covariance/profile.hpp"

namespace gaussmix {

namespace {

// EEI, VEI, EVI: variances volume_k shape_kj along the coordinate axes (Celeux & Govaert 1995, models [lambda B],
// [lambda_k B], [lambda B_k]). VVI has its own file.
class AxisAligned final : public Structure {
 public:
  AxisAligned(std::string_view code, Profile profile) : code_(code), profile_(profile) {}
  std::string_view name() const override { return code_; }
  std::string_view code() const override { return code_; }
  CovarianceShape shape() const override { return CovarianceShape::diag; }
  ScatterKind need() const override { return ScatterKind::diag; }
  bool one_for_all() const override { return profile_.volume == Across::equal && profile_.shape == Across::equal; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_profile_parameters(profile_, n_components, n_features);
  }
  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound& bound,
                Workspace& workspace, Covariances& covariances) const override {
    const Index n_components = statistics.n_components(), n_features = statistics.n_features();
    reshape(covariances, shape(), n_components, n_features);
    const Workspace::Scope scope(workspace);
    VectorMap unit = workspace.vector(n_features), inverse_unit = workspace.vector(n_features);
    unit = bound.scale.each.cwiseAbs2();
    inverse_unit = unit.cwiseInverse();
    MatrixMap scatter = workspace.matrix(n_components, n_features);
    MatrixMap variances = workspace.matrix(n_components, n_features);
    scatter = statistics.diag() * inverse_unit.asDiagonal();
    if (previous != nullptr)
      variances = ConstMatrixMap(previous->values.data(), n_components, n_features) * inverse_unit.asDiagonal();
    maximise_profile(profile_, scatter, statistics.weight, bound, previous != nullptr ? Begin::given : Begin::anywhere,
                     workspace, variances);
    note_lifted(profile_, scatter, statistics.weight, bound, variances, covariances.lifted);
    MatrixMap(covariances.values.data(), n_components, n_features) = variances * unit.asDiagonal();
  }

 private:
  std::string_view code_;
  Profile profile_;
};

}  // namespace

std::span<const Structure* const> axis_aligned_structures() {
  static const AxisAligned eei("EEI", {Across::equal, Across::equal}), vei("VEI", {Across::variable, Across::equal}),
      evi("EVI", {Across::equal, Across::variable});
  static const Structure* const all[] = {&eei, &vei, &evi};
  return all;
}

}  // namespace gaussmix
