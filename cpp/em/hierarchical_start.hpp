// Partitions of all rows, and a start of EM, from the hierarchy of a sample.
#pragma once

#include <span>

#include "covariance/regularisation.hpp"
#include "em/e_step.hpp"
#include "em/seeding.hpp"
#include "em/settings.hpp"

namespace gaussmix {

// From the partition of all rows; or, where the sample is a part of them, from responsibilities under the mixture that
// belongs to its partition.
Mixture hierarchical_start(const Sample& sample, EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                           const Regularisation& regularisation, Repairs& repairs);

// Centres of the partition alone.
Matrix hierarchical_centres(const Data& data, const Sample& sample, Index n_components, const ColumnMoments& moments,
                            const Execution& execution);

// For each of these numbers of clusters the label of every row of the data, n after n. Rows that the sample has not (those of
// weight zero are never in it) go to the component of largest responsibility under full covariances. The sample is that of
// a fit of the largest number of components with this seed.
void hierarchical_labels(const Data& data, std::span<const Index> n_clusters, std::uint64_t seed,
                         const Execution& execution, std::int64_t* labels);

// Doubles that the start takes.
double hierarchical_start_memory(Index n_rows, Index n_components, Index n_features);

}  // namespace gaussmix
