#include <map>
#include <mutex>
#include <utility>

#include "base/errors.hpp"
#include "covariance/catalogue.hpp"
#include "covariance/factor_form.hpp"

namespace gaussmix {

namespace {

// UUU: Sigma_k = Lambda_k Lambda_k^T + Psi_k, mixtures of factor analysers (Ghahramani & Hinton 1996; McLachlan & Peel 2000,
// chapter 8; the code is that of McNicholas & Murphy 2008).
//
// The M-step. Responsibilities are those of the E-step, and whatever the covariances, the mean of a component is best at its
// weighted mean. What is then left to raise is -n/2 (log det Sigma + tr Sigma^-1 S), S = W / n about the *new* mean: the
// likelihood of one factor analyser. Any step of EM for that, with factors u as its missing data, raises it, and so the
// likelihood of the mixture (generalised EM; as one E-step serves means and covariances, nothing is cycled). The step is one
// of parameter-expanded EM (Liu, Rubin & Wu 1998), u ~ N(0, R). With beta = Lambda^T Sigma^-1, C = S beta^T and
// Theta = I - beta Lambda + beta C (Rubin & Thayer 1982) the expanded model is best at
//   Lambda* = C Theta^-1, R = Theta, Psi' = diag(S - Lambda* C^T),
// and is the same as Lambda' = Lambda* R^1/2 with factors of variance one, so Lambda' Lambda'^T = C Theta^-1 C^T. With the
// projections P = M^-1/2 Lambda^T Psi^-1 that were summed, T = S P^T and H = P T: beta = M^-1/2 P, C = T M^-1/2 and
// Theta = M^-1/2 (I + H) M^-1/2, hence
//   Lambda' = T (I + H)^-1/2 and Psi' = diag(S) - diag(Lambda' Lambda'^T)
// up to a rotation, which the symmetric root chooses so that Lambda' = Lambda where nothing changes: there T = Lambda M^1/2 and
// I + H = M. The variances of the features are then those of S. A variance of the noise below the bound (Heywood 1931) is best
// at the bound, because what depends on it falls from its maximum on.
class FactorAnalysers final : public Structure {
 public:
  explicit FactorAnalysers(Index n_factors) : n_factors_(n_factors) {}
  std::string_view name() const override { return "factor"; }
  std::string_view code() const override { return "UUU"; }
  CovarianceShape shape() const override { return CovarianceShape::factor; }
  ScatterKind need() const override { return ScatterKind::factor; }
  ScatterKind need_at_start() const override { return ScatterKind::diag; }
  Index n_factors() const override { return n_factors_; }
  bool each_its_own() const override { return true; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_components * (n_features * n_factors_ + n_features - n_factors_ * (n_factors_ - 1) / 2);
  }

  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound&,
                Workspace& workspace, Covariances& covariances) const override {
    reshape(covariances, shape(), statistics.n_components(), statistics.n_features(), n_factors_);
    if (statistics.kind == ScatterKind::diag) return without_loadings(statistics, covariances);
    if (previous == nullptr || statistics.n_projections != n_factors_)
      throw InvalidArgument("an M-step of factor analysers needs the mixture of the E-step");
    const Workspace::Scope scope(workspace);
    MatrixMap inverse = workspace.matrix(statistics.n_features(), n_factors_ + 1);
    for (Index k = 0; k < statistics.n_components(); ++k) {
      invert_factor_form(previous->loadings_and_noise(k), workspace, inverse);
      maximise(statistics.projected(k), statistics.weight[k], inverse.leftCols(n_factors_), workspace,
               covariances.loadings_and_noise(k));
    }
  }

 private:
  void maximise(const ConstMatrixMap& projected, double weight, const MatrixView& projections, Workspace& workspace,
                MatrixMap loadings_and_noise) const {
    const Workspace::Scope scope(workspace);
    MatrixMap t = workspace.matrix(projected.rows(), n_factors_);
    ColumnMap h = workspace.columns(n_factors_, n_factors_), symmetric = workspace.columns(n_factors_, n_factors_),
              root = workspace.columns(n_factors_, n_factors_);
    t = projected.leftCols(n_factors_) / weight;
    h.noalias() = projections.transpose() * t;
    symmetric = 0.5 * (h + h.transpose());
    symmetric.diagonal().array() += 1;
    inverse_root(symmetric, workspace, root);
    auto loadings = loadings_and_noise.leftCols(n_factors_);
    loadings.noalias() = t * root;
    loadings_and_noise.col(n_factors_) = projected.col(n_factors_) / weight - loadings.rowwise().squaredNorm();
  }

  void without_loadings(const SufficientStatistics& statistics, Covariances& covariances) const {
    for (Index k = 0; k < statistics.n_components(); ++k) {
      MatrixMap table = covariances.loadings_and_noise(k);
      table.setZero();
      table.col(n_factors_) = statistics.diag().row(k).transpose() / statistics.weight[k];
    }
  }

  Index n_factors_;
};

}  // namespace

const Structure& factor_structure(Index n_factors) {
  if (n_factors < 1) throw InvalidArgument("factor analysers need at least one factor");
  static std::mutex mutex;
  static std::map<Index, FactorAnalysers> instances;  // which stay where they are
  const std::lock_guard lock(mutex);
  return instances.try_emplace(n_factors, n_factors).first->second;
}

}  // namespace gaussmix
