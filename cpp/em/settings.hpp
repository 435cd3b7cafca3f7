// What a fit is asked to do.
#pragma once

#include <functional>
#include <optional>

#include "covariance/structure.hpp"

namespace gaussmix {

enum class Start { kmeans, kmeans_plus_plus, random_from_data, random, hierarchical };
enum class Acceleration { automatic, always, never };

// What becomes of a component whose covariance is singular, or that no row is left to.
enum class OnDegenerate { repair, restart, drop, raise };

// What is absent comes from the data; see make_prior().
struct PriorSettings {
  double shrinkage = 0.01;
  std::optional<Vector> mean;  // D
  std::optional<double> dof;
  std::optional<Matrix> scale;  // D x D
};

// Parameters given by the caller; what is absent comes from the initialisation.
struct GivenStart {
  std::optional<Vector> weights;
  std::optional<Matrix> means;
  std::optional<Covariances> covariances;
  std::optional<Factors> factors;            // of `covariances`, of the fit that this one carries on
  const double* responsibilities = nullptr;  // n x K
  std::vector<double> history;               // trace of the fit that this one carries on

  bool complete() const { return weights && means && covariances; }
};

struct Settings {
  const Structure* structure = nullptr;
  Index n_components = 1;
  std::optional<double> tol;  // empty: predicted remaining gain; else change of the mean log-likelihood
  // Nats that may remain, in that prediction, of data of as many rows as the weights count; empty: as Stopping says.
  std::optional<double> gain_left;
  std::optional<double> ridge;  // empty: scale-relative eigenvalue floor; else added to every diagonal
  Index max_iter = 1000;
  std::optional<double> max_seconds;  // of the whole fit; looked at between passes, of which at least one is made
  Index n_init = 1;
  bool race = true;  // of many starts, the first and the most promising are run to the end
  Start start = Start::kmeans;
  GivenStart given;
  std::uint64_t seed = 0;
  Acceleration acceleration = Acceleration::automatic;
  OnDegenerate on_degenerate = OnDegenerate::repair;
  std::optional<double> max_eigenvalue_ratio;
  std::optional<PriorSettings> prior;
  bool one_unit =
      false;  // of eigenvalues, whatever the structure: then what one allows, another that contains it does too
  // (start, iteration, log-likelihood) at iteration borders; false stops the fit.
  std::function<bool(Index, Index, double)> on_iteration;
};

}  // namespace gaussmix
