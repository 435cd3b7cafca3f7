#include "covariance/catalogue.hpp"

namespace gaussmix {

namespace {

// VII: sigma_k^2 = tr W_k / (n_k D) (Celeux & Govaert 1995, model [lambda_k I]).
class Spherical final : public Structure {
 public:
  std::string_view name() const override { return "spherical"; }
  std::string_view code() const override { return "VII"; }
  CovarianceShape shape() const override { return CovarianceShape::spherical; }
  ScatterKind need() const override { return ScatterKind::trace; }
  bool each_its_own() const override { return true; }
  bool one_unit() const override { return true; }
  Index n_covariance_parameters(Index n_components, Index) const override { return n_components; }
  void maximise(const SufficientStatistics& statistics, const Covariances*, const EigenvalueBound&, Workspace&,
                Covariances& covariances) const override {
    reshape(covariances, shape(), statistics.n_components(), statistics.n_features());
    for (Index k = 0; k < statistics.n_components(); ++k)
      covariances.values[static_cast<std::size_t>(k)] =
          statistics.scatter[static_cast<std::size_t>(k)] /
          (statistics.weight[k] * static_cast<double>(statistics.n_features()));
  }
};

}  // namespace

const Structure& spherical_structure() {
  static const Spherical instance;
  return instance;
}

}  // namespace gaussmix
