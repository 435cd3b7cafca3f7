// Mixture parameters as one vector, for measuring and extrapolating steps.
#pragma once

#include "covariance/regularisation.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// Coordinates without constraints, about a mixture, whose own are zero, and in its own units: logs of the ratios of weights;
// means less those of the origin and factors L of the covariances, both times L0^-1, with logs on the diagonal. Any vector maps
// back to a valid mixture, or to nothing where float64 ends. They are the same whatever the units of the data. Components of
// no weight to speak of keep their weight (those of `like` in from_vector). Factor analysers: see FactorCoordinates.
class Coordinates {
 public:
  Coordinates(const Mixture& origin, Workspace& workspace) : origin_(origin), workspace_(workspace) {}

  void to_vector(const Mixture& mixture, Vector& parameters) const;
  // False, with `mixture` in no defined state, where there is none. `mixture` is neither `like` nor the origin.
  bool from_vector(const Vector& parameters, const Mixture& like, Mixture& mixture) const;

  // The Fisher information, per unit weight, of data whose components are known; at the origin and diagonal there. In its
  // scalar product a step of EM is, near a maximum, a symmetric map (Dempster, Laird & Rubin 1977, section 3).
  void metric(Vector& information) const;

  // Zeroes what takes noise away from factor analysers.
  void leave_out_vanishing_noise(Vector& parameters) const;

 private:
  template <class Visit>
  void for_each_analyser(Visit&& visit) const;
  void write_gaussians(const double* in, Mixture& mixture) const;

  const Mixture& origin_;
  Workspace& workspace_;
};

// Largest movement from `a` to `b` over the components that carry weight: of a mean, in standard deviations of `a`; of a
// log standard deviation (mean over features); of a weight.
double largest_step(const Mixture& a, const Mixture& b);

}  // namespace gaussmix
