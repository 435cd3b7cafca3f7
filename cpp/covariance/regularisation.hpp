// What keeps a covariance away from singular.
#pragma once

#include <optional>
#include <string>

#include "base/parallel.hpp"
#include "covariance/covariances.hpp"
#include "covariance/prior.hpp"
#include "covariance/repairs.hpp"
#include "covariance/structure.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

struct Regularisation {
  // Eigenvalues are kept above `floor` in coordinates divided by `scale` per feature.
  static constexpr double kFloor = 1e-8;
  std::optional<double> ridge;  // when set: added to every diagonal instead; the floor acts only if that fails
  double scatter_ridge = 0;     // added to the scatters of a row, before the M-step; `ridge` is 0 then
  ColumnScale scale;
  double most = 1;                  // variance of a column in these units
  bool raise = false;               // throw Degenerate instead of repairing
  std::string beyond_repair;        // when set: what to throw where a singular covariance is lost in rounding
  double rows_per_weight = 1;       // effective rows, for messages
  std::optional<double> max_ratio;  // of eigenvalues, over all components; see restrict_eigenvalues()
  std::optional<Prior> prior;

  // Whether a covariance is factorised as it is: from its root, where that is known.
  bool takes_roots() const { return !max_ratio && !prior && ridge.value_or(0) == 0 && scatter_ridge == 0; }

  // The same for what is tried only: that throws nothing.
  Regularisation quiet() const {
    Regularisation other = *this;
    other.raise = false;
    other.beyond_repair.clear();
    return other;
  }

  // For structures that heed it in their M-step. Beside a ridge it only keeps logarithms finite.
  EigenvalueBound bound() const { return {scale, ridge ? 1e-24 : kFloor, most}; }
};

// Spread of data to which noise of this standard deviation is added.
ColumnScale with_noise(const ColumnScale& columns, double deviation);

// What M-steps of a structure need. `columns`: the spread of each feature; `one_unit`: eigenvalues are measured in the same
// unit for all features in any structure.
Regularisation regularisation_for(const Structure& structure, std::optional<double> ridge, const ColumnScale& columns,
                                  bool one_unit);

// Records what the M-step lifted, applies the bound on the ratio, then ridge or floor to every covariance in place, counts what
// was floored (a tied covariance counts for every component), and writes the factors. Throws Degenerate where that is asked for,
// or where nothing can be repaired. `weight` is each component's n_k. Takes no memory from the heap, once `factors` has its
// size, unless a covariance is close to singular.
void regularise(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                const Execution& execution, Workspace& workspace, Repairs& repairs, Factors& factors);

}  // namespace gaussmix
