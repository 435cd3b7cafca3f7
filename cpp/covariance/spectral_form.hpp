// Covariances of which eigenvectors and eigenvalues are known.
#pragma once

#include "base/workspace.hpp"
#include "covariance/covariances.hpp"

namespace gaussmix {

// Covariance k <- S axes diag(variances) axes^T S, with S the diagonal matrix of `scale`, and where the variances are far apart
// its root, which holds what the product loses. The variances heed the bound on eigenvalues.
void set_spectral(Covariances& covariances, Index k, const Vector& scale, const ColumnView& axes,
                  const VectorView& variances, Workspace& workspace);

// Where features in unlike units are measured in one, a direction across the wide ones is known to the rounding of their
// scatters only. Notes whether that is what `variances`, which were found along `axes`, have at the bound `least` or above it.
void note_lost(Covariances& covariances, const ColumnView& scatter, double weight, const ColumnView& axes,
               const VectorView& variances, double least);

}  // namespace gaussmix
