// What keeps a covariance away from singular, and the record of it.
#pragma once

#include <optional>

#include "base/parallel.hpp"
#include "covariance/covariances.hpp"

namespace gaussmix {

struct Regularisation {
  // Eigenvalues are kept above `floor` in coordinates divided by `scale` per feature.
  static constexpr double kFloor = 1e-8;
  std::optional<double> ridge;  // when set: added to every diagonal instead; the floor acts only if that fails
  Vector scale;
  bool raise = false;  // throw Degenerate instead of repairing
};

// How often a component was repaired.
struct Repairs {
  Counts floored;  // the eigenvalue floor acted
  Counts emptied;  // no weight was left: the component kept its mean and covariance

  explicit Repairs(Index n_components = 0)
      : floored(static_cast<std::size_t>(n_components), 0), emptied(static_cast<std::size_t>(n_components), 0) {}
  void add(const Repairs& other) {
    for (std::size_t k = 0; k < floored.size(); ++k) {
      floored[k] += other.floored[k];
      emptied[k] += other.emptied[k];
    }
  }
};

// Applies ridge or floor to every covariance in place, counts what was floored (a tied covariance counts for every
// component), and writes the factors. `weight` is each component's n_k, for messages. Takes no memory from the heap, once
// `factors` has its size, unless a covariance is close to singular.
void regularise(Covariances& covariances, const Regularisation& regularisation, const Vector& weight,
                const Execution& execution, Repairs& repairs, Factors& factors);

}  // namespace gaussmix
