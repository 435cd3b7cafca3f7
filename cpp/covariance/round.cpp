#include "covariance/catalogue.hpp"

namespace gaussmix {

namespace {

// EII: sigma^2 = sum_k tr W_k / (n D) (Celeux & Govaert 1995, model [lambda I]); E is its name for one column.
class EqualRound final : public Structure {
 public:
  EqualRound(std::string_view code, Index only_n_features) : code_(code), only_n_features_(only_n_features) {}
  std::string_view name() const override { return code_; }
  std::string_view code() const override { return code_; }
  CovarianceShape shape() const override { return CovarianceShape::spherical; }
  ScatterKind need() const override { return ScatterKind::trace; }
  bool one_for_all() const override { return true; }
  bool one_unit() const override { return true; }
  Index only_n_features() const override { return only_n_features_; }
  Index n_covariance_parameters(Index, Index) const override { return 1; }
  void maximise(const SufficientStatistics& statistics, const Covariances*, const EigenvalueBound& bound, Workspace&,
                Covariances& covariances) const override {
    reshape(covariances, shape(), statistics.n_components(), statistics.n_features());
    const double unit = bound.scale.largest * bound.scale.largest, least = bound.least * unit;
    const double variance = ConstVectorMap(statistics.scatter.data(), statistics.n_components()).sum() /
                            (statistics.weight.sum() * static_cast<double>(statistics.n_features()));
    if (variance < least) covariances.lifted.push_back({Lifted::kCommon, variance / unit});
    covariances.values.assign(covariances.values.size(), std::max(variance, least));
  }

 private:
  std::string_view code_;
  Index only_n_features_;
};

// V: VII for one column, which needs no unit in common with others.
class VariableLine final : public Structure {
 public:
  std::string_view name() const override { return code(); }
  std::string_view code() const override { return "V"; }
  CovarianceShape shape() const override { return spherical_structure().shape(); }
  ScatterKind need() const override { return spherical_structure().need(); }
  bool each_its_own() const override { return true; }
  Index only_n_features() const override { return 1; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return spherical_structure().n_covariance_parameters(n_components, n_features);
  }
  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound& bound,
                Workspace& workspace, Covariances& covariances) const override {
    spherical_structure().maximise(statistics, previous, bound, workspace, covariances);
  }
};

}  // namespace

std::span<const Structure* const> round_structures() {
  static const EqualRound eii("EII", 0), e("E", 1);
  static const VariableLine v;
  static const Structure* const all[] = {&eii, &e, &v};
  return all;
}

}  // namespace gaussmix
