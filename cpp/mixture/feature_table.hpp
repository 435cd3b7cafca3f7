// Mixture -> the table of the kernels' feature form: logits as products of numbers with features of the row.
#pragma once

#include "kernels/interface.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// Beyond this many features of the row the table and the features of a block leave the caches, and the centred form, whose
// overhead has become small, is as fast.
constexpr Index kMostFeatures = 600;

// Features of a row; 0 where this form is never used.
Index feature_table_width(CovarianceShape shape, Index n_features);

// May be filled again for the next mixture and then asks for no memory.
class FeatureTable {
 public:
  // Empty where the components lie too far apart for one centre, or where there are too many features.
  void fill(const Mixture& mixture, const Vector& log_constants);
  // In whitened coordinates the squared length of a row is common to all components: [1, y] are features enough, exact to
  // rounding of the whitened means. No row is too far out for double precision.
  void fill_whitened(const Matrix& means, const Vector& log_constants);
  void clear() { used_ = false; }
  bool used() const { return used_; }

  kernels::Features features() const;
  // What a row's log-density is rounded by, about: of rows as far from the centre as the mixture's rows are in the mean.
  double rounding() const { return used_ ? rounding_ : 0.0; }

 private:
  void take_centre(const Mixture& mixture);
  template <int N>
  bool fill_component(const Mixture& mixture, Index k, double log_constant);

  bool used_ = false;
  Vector centre_;
  Vector scale_;
  Vector inverse_scale_;
  Matrix table_;
  double limit_ = 0;
  double single_limit_ = 0;
  double rounding_ = 0;
  double largest_ = 0;  // in units of the mixture's standard deviations: see largest_row_sum()
  double largest_single_ = 0;
  Matrix scratch_;  // of one component
};

}  // namespace gaussmix
