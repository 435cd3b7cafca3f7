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
// (Halko, Martinsson & Tropp 2011, algorithm 4.4), for the covariances in units of `deviations` (a row per component of the
// passes), and from then on in units of the noise that was left, each pass half a step of Joreskog's iteration (1967, "Some
// contributions to maximum likelihood factor analysis"): with the eigenvalues l and eigenvectors U so found, loadings
// U (l - 1)^1/2. The variances stay. EM from the axes in units of the features alone ended at worse maxima of every sixth real
// data set, by up to 1,250 nats.
void take_principal_axes(const ProjectedPass& pass, const Matrix& deviations, const Random& random, Mixture& mixture);

}  // namespace gaussmix
