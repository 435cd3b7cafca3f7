#include "covariance/catalogue.hpp"

namespace gaussmix {

namespace {

// VVV: Sigma_k = W_k / n_k (Celeux & Govaert 1995, model [lambda_k D_k A_k D_k^T]).
class Full final : public Structure {
 public:
  std::string_view name() const override { return "full"; }
  std::string_view code() const override { return "VVV"; }
  CovarianceShape shape() const override { return CovarianceShape::full; }
  ScatterKind need() const override { return ScatterKind::full; }
  bool each_its_own() const override { return true; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_components * n_features * (n_features + 1) / 2;
  }
  void maximise(const SufficientStatistics& statistics, const Covariances*, const EigenvalueBound&, Workspace&,
                Covariances& covariances) const override {
    reshape(covariances, shape(), statistics.n_components(), statistics.n_features());
    covariances.root = statistics.root;
    const Index size = statistics.n_features() * statistics.n_features();
    for (Index k = 0; k < statistics.n_components(); ++k) {
      covariances.matrix(k) = statistics.full(k) / statistics.weight[k];
      if (!covariances.root.empty())
        VectorMap(covariances.root.data() + k * size, size) /= std::sqrt(statistics.weight[k]);
    }
  }
};

}  // namespace

const Structure& full_structure() {
  static const Full instance;
  return instance;
}

}  // namespace gaussmix
