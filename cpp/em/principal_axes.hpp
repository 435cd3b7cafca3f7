// Where the loadings of factor analysers start: along the principal axes of the rows that a component was assigned, whose
// matrix of covariances is never made.
#pragma once

#include <functional>

#include "base/random.hpp"
#include "em/e_step.hpp"

namespace gaussmix {

// Statistics of kind factor for these projections, of every component or of all rows as one.
using ProjectedPass = std::function<SufficientStatistics(const Matrix& projections)>;

// Projections of these passes: a few more than there are factors.
Index principal_axes_width(Index n_features, Index n_factors);

// `mixture` has variances of the noise, and no loadings yet. Each pass is one step of subspace iteration, W G for random G first
// (Halko, Martinsson & Tropp 2011, algorithm 4.4), for the correlations of the features, in units of `deviations` (a row per
// component of the passes). With the eigenvalues l and eigenvectors U so found, loadings U (l - s)^1/2 in these units, s the
// mean of the other eigenvalues: those of probabilistic principal components (Tipping & Bishop 1999). The variances stay.
void take_principal_axes(const ProjectedPass& pass, const Matrix& deviations, const Random& random, Mixture& mixture);

}  // namespace gaussmix
