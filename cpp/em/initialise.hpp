// Where EM starts: every row is assigned, then one M-step.
#pragma once

#include "base/random.hpp"
#include "base/stopwatch.hpp"
#include "covariance/regularisation.hpp"
#include "em/e_step.hpp"
#include "em/settings.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

// Rows whose random shares are drawn at a time.
constexpr Index kShareRows = 16384;

// Which rows a start samples.
Random subset_stream(std::uint64_t seed, std::uint64_t start_number);

// Given parameters replace what the initialisation found; with all three given nothing else is computed.
Mixture initialise(EStep& e_step, const Settings& settings, const ColumnMoments& moments,
                   const Regularisation& regularisation, std::uint64_t start_number, const TimeLimit& limit,
                   Repairs& repairs);

// Statistics under given responsibilities (n x K), centred twice so that no digits cancel.
SufficientStatistics statistics_from_responsibilities(EStep& e_step, const double* responsibilities, Index n_components,
                                                      const Vector& column_mean, ScatterKind kind);

}  // namespace gaussmix
