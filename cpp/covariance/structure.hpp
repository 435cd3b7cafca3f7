// A covariance structure: what its M-step needs and how it turns statistics into covariances. One point of the lattice
// of volume, shape and orientation (Celeux & Govaert 1995).
#pragma once

#include <span>
#include <string_view>

#include "base/workspace.hpp"
#include "covariance/covariances.hpp"
#include "statistics/column_moments.hpp"
#include "statistics/sufficient_statistics.hpp"

namespace gaussmix {

// Eigenvalues are kept at or above `least` in coordinates divided by `scale` per feature, where no column has a variance of more
// than `most`.
struct EigenvalueBound {
  const ColumnScale& scale;
  double least;
  double most = 1;
};

class Structure {
 public:
  virtual ~Structure() = default;
  virtual std::string_view name() const = 0;  // scikit-learn's word, where it has one
  virtual std::string_view code() const = 0;  // three letters: volume, shape, orientation
  virtual CovarianceShape shape() const = 0;
  virtual ScatterKind need() const = 0;
  // The same where there is no mixture yet.
  virtual ScatterKind need_at_start() const { return need(); }
  virtual Index n_covariance_parameters(Index n_components, Index n_features) const = 0;

  // Whether all components have the same covariance, and whether each has one that no other restricts.
  virtual bool one_for_all() const { return false; }
  virtual bool each_its_own() const { return false; }
  // Whether eigenvectors, or variances, are compared across features: then all features are measured in one unit.
  virtual bool one_unit() const { return false; }
  // 0: it is no mixture of factor analysers.
  virtual Index n_factors() const { return 0; }
  // 0: any number of features.
  virtual Index only_n_features() const { return 0; }
  // Whether the extrapolation of two mixtures of this structure is one: else it is put through maximise().
  virtual bool extrapolates() const { return one_for_all() || each_its_own(); }

  // The covariances that maximise the expected complete-data log-likelihood. `statistics` are of kind need(), every
  // weight is positive. `previous` (may be null) is where an iterative maximisation starts, so that the likelihood
  // cannot fall; it is not `covariances`, which the result overwrites. Where lifting eigenvalues to the bound afterwards
  // would leave the structure, it is heeded here, and `covariances.lifted` says so; else regularise() does that.
  virtual void maximise(const SufficientStatistics& statistics, const Covariances* previous,
                        const EigenvalueBound& bound, Workspace& workspace, Covariances& covariances) const = 0;
};

// The registry: the only list of structures.
std::span<const Structure* const> structures();
// Throws InvalidArgument. `n_factors` is that of factor analysers, which are listed with one.
const Structure& structure(std::string_view name_or_code, Index n_factors = 0);

}  // namespace gaussmix
