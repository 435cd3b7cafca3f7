// Mixture -> the table of the kernels' feature form: logits as products of numbers with features of the row.
#pragma once

#include "kernels/interface.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

struct FeatureTable {
  Vector centre;
  Vector inverse_scale;
  Matrix table;  // K x features
  double limit = 0;
  bool usable = false;
  Vector scale, difference;  // scratch

  kernels::Features features() const;
};

// Largest sum_i (sum_j |L^-1_ij| |x_j - c_j|)^2 at which the feature form is used. Its logits are sums of terms that add up, in
// magnitude, to no more than this, so they are good to 2^20 * 2^-53 = 1e-10 at worst, about 1e-12 as a rule; and so are
// scatters about c in the component's own metric.
constexpr double kLargestFeatureDistance = 1 << 20;

// Beyond this many features of the row the table and the features of a block leave the caches, and the centred form, whose
// overhead has become small, is as fast.
constexpr Index kMostFeatures = 600;

// Not usable where the components lie too far apart for one centre, or where there are too many features. What is filled in
// may be used again for the next mixture and then asks for no memory.
void feature_table(const Mixture& mixture, const Vector& log_constants, FeatureTable& out);

}  // namespace gaussmix
