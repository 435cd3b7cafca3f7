// Mixture -> what the kernels read.
#pragma once

#include "kernels/interface.hpp"
#include "mixture/feature_table.hpp"
#include "mixture/mixture.hpp"

namespace gaussmix {

// sqrt(log2(e) / 2): inverse factors times this make |factor (x - mean)|^2 a logit in units of log 2, so that its exponential
// needs no multiplication.
constexpr double kLogitScale = 0.84932180028801904272;

// Owns the arrays behind a kernels::Density.
struct KernelParameters {
  kernels::Shape shape = kernels::Shape::full;
  Matrix means;  // whitened for whitened densities
  std::vector<double> factors;
  Vector log_constants;
  // Of factor analysers, times projection_scale, or those that sums of kind factor are to take; else none. The rows of
  // component k begin at k * n_projections().
  Matrix projections;
  double projection_scale = 1;
  bool cancels = false;  // the factors explain so much that `explained` is needed
  Matrix explained;      // see Density::explained
  std::vector<double> whitener;
  Vector whitening_centre;
  FeatureTable features;
  Vector origin;      // a point among the rows
  Vector difference;  // scratch
  Workspace workspace;

  bool whitened() const { return !whitener.empty(); }
  Index n_projections() const { return projections.rows() / means.rows(); }
  kernels::Density density() const;
};

// Whether the kernels may use their feature form: half the work, and rounding within a bound (feature_table.hpp). It
// serves the iterations; what is reported is computed in the centred form.
enum class Form { centred, features };

// A tied mixture becomes `whitened`: rows are whitened once, components are then unit spheres; unless its means lie so many
// standard deviations apart that distances from one centre would lose digits. What is filled in may be used again for the
// next mixture and then asks for no memory.
KernelParameters kernel_parameters(const Mixture& mixture);
void kernel_parameters(const Mixture& mixture, Form form, KernelParameters& parameters);

// Largest ratio of a total (squared distance, scatter) to what remains of it after a subtraction in whitened coordinates:
// each costs about 1e-14 times this.
constexpr double kLargestWhitenedRatio = 1e4;

// A tied mixture as K full ones, for sums that are wanted in the data's own coordinates.
void unwhitened_kernel_parameters(const Mixture& mixture, KernelParameters& parameters);

// Only centres: for sums under given responsibilities.
KernelParameters centres_only(const Matrix& means);

// Nearest centre in coordinates divided by `scale` per feature: the density of k-means.
KernelParameters nearest_centre(const Matrix& means, const Vector& scale);

}  // namespace gaussmix
