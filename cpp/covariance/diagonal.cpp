#include "covariance/catalogue.hpp"

namespace gaussmix {

namespace {

// VVI: Sigma_k = diag(W_k) / n_k (Celeux & Govaert 1995, model [lambda_k B_k]).
class Diagonal final : public Structure {
 public:
  std::string_view name() const override { return "diag"; }
  std::string_view code() const override { return "VVI"; }
  CovarianceShape shape() const override { return CovarianceShape::diag; }
  ScatterKind need() const override { return ScatterKind::diag; }
  bool each_its_own() const override { return true; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_components * n_features;
  }
  void maximise(const SufficientStatistics& statistics, const Covariances*, const EigenvalueBound&, Workspace&,
                Covariances& covariances) const override {
    reshape(covariances, shape(), statistics.n_components(), statistics.n_features());
    MatrixMap(covariances.values.data(), statistics.n_components(), statistics.n_features()) =
        statistics.diag().array().colwise() / statistics.weight.array();
  }
};

}  // namespace

const Structure& diagonal_structure() {
  static const Diagonal instance;
  return instance;
}

}  // namespace gaussmix
