// First centres for k-means: rows chosen on a sample of the data, in coordinates without units.
#pragma once

#include "base/random.hpp"
#include "em/settings.hpp"
#include "statistics/column_moments.hpp"

namespace gaussmix {

// Rows in standardised coordinates ((x - mean) / scale), rounded, with their weights; in lexicographic order if they are all.
struct Sample {
  Matrix rows;
  Vector weights;
  std::vector<Index> numbers;  // of the rows in the data
};

// The rows of the sample as they are in the data.
Matrix sampled_rows(const Data& data, const Sample& sample);

// Standardised rows back in the data's coordinates.
Matrix unstandardised(const Matrix& rows, const ColumnMoments& moments);

// Index of the first cumulated value above u * total; the last row of positive value when rounding leaves none.
Index draw(const Vector& values, double u);

// Rows of the sample for k-means.
Index sample_size(Index n_rows, Index n_components, Index n_features);

// All rows of positive weight, or a random subset of about `wanted` when there are more.
Sample standardised_sample(const Data& data, const ColumnMoments& moments, Index n_positive, Index wanted,
                           const Random& random);

// k-means++ (Arthur & Vassilvitskii 2007): each further centre is a row drawn with probability proportional to its weight
// times its squared distance to the nearest centre so far.
Matrix plus_plus_centres(const Sample& sample, Index n_components, const Random& random, const Execution& execution);

// Different rows, drawn with probability proportional to their weights, as far as there are that many.
Matrix random_centres(const Sample& sample, Index n_components, const Random& random);

}  // namespace gaussmix
