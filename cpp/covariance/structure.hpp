// A covariance structure: what its M-step needs and how it turns statistics into covariances. One point of the lattice
// of volume, shape and orientation (Celeux & Govaert 1995).
#pragma once

#include <span>
#include <string_view>

#include "covariance/covariances.hpp"
#include "statistics/sufficient_statistics.hpp"

namespace gaussmix {

class Structure {
 public:
  virtual ~Structure() = default;
  virtual std::string_view name() const = 0;  // scikit-learn's word
  virtual std::string_view code() const = 0;  // three letters: volume, shape, orientation
  virtual CovarianceShape shape() const = 0;
  virtual ScatterKind need() const = 0;
  virtual Index n_covariance_parameters(Index n_components, Index n_features) const = 0;

  // The covariances that maximise the expected complete-data log-likelihood. `statistics` are of kind need(), every
  // weight is positive. `previous` (may be null) is where an iterative maximisation starts, so that the likelihood
  // cannot fall; it is not `covariances`, which the result overwrites. Regularisation comes after, outside.
  virtual void maximise(const SufficientStatistics& statistics, const Covariances* previous,
                        Covariances& covariances) const = 0;
};

// The registry: the only list of structures.
std::span<const Structure* const> structures();
const Structure& structure(std::string_view name_or_code);  // throws InvalidArgument

}  // namespace gaussmix
