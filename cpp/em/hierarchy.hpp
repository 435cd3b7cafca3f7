// The merge tree of a sample: partitions of its rows into any number of clusters.
#pragma once

#include "em/agglomerate.hpp"
#include "em/seeding.hpp"

namespace gaussmix {

// Rows of the sample that a hierarchy is made of: all, or at most 2,000, and fewer where many columns make determinants
// dear; but at least two per component.
Index hierarchy_size(Index n_rows, Index n_components, Index n_features);

class Hierarchy {
 public:
  // Rows that are equal are one point from the beginning, since their union costs nothing.
  Hierarchy(const Sample& sample, const Execution& execution);

  // The cluster of each row; fewer than `n_clusters` where fewer rows differ.
  std::vector<Index> labels(Index n_clusters) const;

 private:
  std::vector<Index> point_;  // that each row is
  MergeTree tree_;
};

// Doubles that this takes.
double hierarchy_memory(Index n_rows, Index n_columns);

}  // namespace gaussmix
