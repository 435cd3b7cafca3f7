// Mixture parameters as one vector, for measuring and extrapolating steps.
#pragma once

#include "covariance/regularisation.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// Coordinates without constraints: log weights, means less `origin` in units of the columns, and log-Cholesky of the
// covariances (in the same units) or log variances. Any vector maps back to a valid mixture, or to nothing where float64
// ends. Components of weight zero keep their weight. The origin keeps an offset of the data from drowning the differences.
struct Coordinates {
  const Matrix& origin;  // K x D
  const Vector& column_scale;

  void to_vector(const Mixture& mixture, Vector& parameters) const;
  // False, with `mixture` in no defined state, where there is none. `mixture` is not `like`.
  bool from_vector(const Vector& parameters, const Mixture& like, Mixture& mixture) const;
};

// Largest movement from `a` to `b` over the components that carry weight: of a mean, in standard deviations of `a`; of a
// log standard deviation (mean over features); of a weight.
double largest_step(const Mixture& a, const Mixture& b);

}  // namespace gaussmix
