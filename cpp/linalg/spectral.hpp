// A symmetric positive semi-definite matrix by its eigenvectors.
#pragma once

#include "base/workspace.hpp"

namespace gaussmix {

struct Spectrum {
  Spectrum(Index size, Workspace& workspace)
      : eigenvalues(workspace.vector(size)), axes(workspace.columns(size, size)) {}

  VectorMap eigenvalues;  // ascending; of a singular matrix rounding may make some of them negative
  ColumnMap axes;         // the eigenvectors, as columns
};

// To the rounding of the matrix's own entries, also where its features come in very different units.
void find_spectrum(const ColumnView& matrix, Workspace& workspace, Spectrum& spectrum);
Spectrum spectrum_of(const ColumnView& matrix, Workspace& workspace);

// Of directions in which a matrix is zero, to rounding, any are its eigenvectors: takes those that are eigenvectors of `by`, too,
// in rising order. Else rounding would choose them, and what is made of them would depend on the order of the rows.
void settle_null_space(const ColumnView& by, Workspace& workspace, Spectrum& spectrum);

// S^-1 matrix S^-1, with S the diagonal matrix of `scale`.
void in_units_of(const VectorView& scale, const MatrixView& matrix, ColumnMap out);
// Takes its memory from the workspace.
ColumnMap in_units_of(const VectorView& scale, const MatrixView& matrix, Workspace& workspace);

// out = S A diag(variances) A^T S, to the bit symmetric.
void from_eigenvalues(const VectorView& scale, const ColumnView& axes, const VectorView& variances,
                      Workspace& workspace, MatrixMap out);

}  // namespace gaussmix
