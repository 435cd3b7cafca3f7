// Where many fits begin, as stacked arrays.
#pragma once

#include "bindings/arrays.hpp"
#include "em/settings.hpp"

namespace gaussmix::bindings {

// Of all tasks one after the other, or a single one for all of them; empty when no array is given. The arrays have a first
// axis of starts before the shape that a single fit wants.
std::vector<GivenStart> given_starts(const Structure& structure, Index n_tasks, Index n_components, Index n_features,
                                     const OptionalArray& weights, const OptionalArray& means,
                                     const OptionalArray& covariances);

}  // namespace gaussmix::bindings
