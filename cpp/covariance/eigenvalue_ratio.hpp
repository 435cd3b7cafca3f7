// A bound on how much the eigenvalues of all covariances may differ.
#pragma once

#include "base/workspace.hpp"
#include "covariance/covariances.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

// The covariances with all eigenvalues, of all components together, in [m, ratio * m] that are likeliest given the scatters
// n_k covariance_k: eigenvectors stay, eigenvalues d become min(max(d, m), ratio * m), and m minimises
//   sum_k n_k sum_j (log d'_kj + d_kj / d'_kj)
// (Fritz, Garcia-Escudero & Mayo-Iscar 2013, "A fast algorithm for robust constrained clustering", proposition 1). Eigenvalues
// are those in coordinates divided by `scale` per feature; of spherical covariances by the largest. Where m is less than `floor`,
// to which eigenvalues are going to be lifted, the upper bound is that of the floor.
void restrict_eigenvalues(Covariances& covariances, const Vector& weight, const ColumnScale& scale, double ratio,
                          double floor, Workspace& workspace);

}  // namespace gaussmix
