// The structures by the files that hold them.
#pragma once

#include <span>

#include "covariance/structure.hpp"

namespace gaussmix {

// Those whose M-step is one division.
const Structure& full_structure();
const Structure& tied_structure();
const Structure& diagonal_structure();
const Structure& spherical_structure();

std::span<const Structure* const> round_structures();         // EII, and E and V for one column
std::span<const Structure* const> axis_aligned_structures();  // EEI, VEI, EVI
const Structure& common_shape_structure();                    // VEE
std::span<const Structure* const> common_axes_structures();   // EVE, VVE
std::span<const Structure* const> own_axes_structures();      // EEV, VEV, EVV
const Structure& factor_structure(Index n_factors);           // UUU

}  // namespace gaussmix
