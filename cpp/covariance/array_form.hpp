// Covariances and inverse factors as arrays outside: scikit-learn's shapes for its four structures, those of factor analysers as
// they are stored, and matrices K x D x D for all others, whose storage is smaller where they are diagonal.
#pragma once

#include "covariance/structure.hpp"

namespace gaussmix {

CovarianceShape array_shape(const Structure& structure);
Index array_size(const Structure& structure, Index n_components, Index n_features);

// Reads only what is stored; what else there is must be looked at before: see check_off_diagonals().
std::vector<double> from_array_form(const Structure& structure, Index n_components, Index n_features,
                                    const double* array);
std::vector<double> to_array_form(const Structure& structure, Index n_components, Index n_features,
                                  std::vector<double> values);

// Throws InvalidArgument where the array holds, beside rounding, what a diagonal structure has no room for.
void check_off_diagonals(const Structure& structure, Index n_components, Index n_features, const double* array);

// Throws InvalidArgument unless the covariances are of the structure, to 1e-6 of the standard deviations.
void check_structure(const Structure& structure, const Covariances& covariances);

}  // namespace gaussmix
