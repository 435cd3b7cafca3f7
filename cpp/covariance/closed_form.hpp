// The four structures whose M-step is one division; each in its own file.
#pragma once

#include "covariance/structure.hpp"

namespace gaussmix {

const Structure& full_structure();
const Structure& tied_structure();
const Structure& diagonal_structure();
const Structure& spherical_structure();

}  // namespace gaussmix
