#include "covariance/catalogue.hpp"

namespace gaussmix {

namespace {

// EEE: Sigma = sum_k W_k / n (Celeux & Govaert 1995, model [lambda D A D^T]).
class Tied final : public Structure {
 public:
  std::string_view name() const override { return "tied"; }
  std::string_view code() const override { return "EEE"; }
  CovarianceShape shape() const override { return CovarianceShape::tied; }
  ScatterKind need() const override { return ScatterKind::pooled; }
  bool one_for_all() const override { return true; }
  Index n_covariance_parameters(Index, Index n_features) const override { return n_features * (n_features + 1) / 2; }
  void maximise(const SufficientStatistics& statistics, const Covariances*, const EigenvalueBound&, Workspace&,
                Covariances& covariances) const override {
    reshape(covariances, shape(), statistics.n_components(), statistics.n_features());
    const double weight = statistics.weight.sum();
    covariances.matrix(0) = statistics.pooled() / weight;
    covariances.root = statistics.root;
    for (double& value : covariances.root) value /= std::sqrt(weight);
  }
};

}  // namespace

const Structure& tied_structure() {
  static const Tied instance;
  return instance;
}

}  // namespace gaussmix
