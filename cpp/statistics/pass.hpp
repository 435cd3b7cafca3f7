// The visit of the kernels to all rows: runs a task over fixed leaves and adds up what they return.
#pragma once

#include <memory>
#include <vector>

#include "statistics/data.hpp"
#include "statistics/tree_sum.hpp"

namespace gaussmix {

// Rows of a leaf: a function of K and D alone. At most 32 million multiply-adds each way (a few milliseconds) and 16384
// rows; at least 256, so that the leaf's own bookkeeping, which grows with K D^2 as well, stays at a few per cent.
Index leaf_rows(Index n_components, Index n_features);

class Pass {
 public:
  explicit Pass(Execution execution) : execution_(std::move(execution)) {}

  // Sums of `task` over the rows [0, n_rows), laid out as kernels::make_layout says; valid until the next call.
  const double* run(const kernels::Task& task, Index n_rows);

  // Doubles that this takes from the heap. Of the arrays of `task` only which there are is asked, not what they hold.
  static Index memory(const kernels::Task& task, Index n_rows, int n_threads);

  // Share of the leaves of the last pass that refused single precision and were visited again.
  double refused() const;

  const Execution& execution() const { return execution_; }

 private:
  struct AlignedDelete {
    void operator()(double* p) const { ::operator delete[](p, std::align_val_t{64}); }
  };
  Execution execution_;
  TreeSum tree_sum_;
  std::unique_ptr<double[], AlignedDelete> workspace_;
  Index workspace_capacity_ = 0;
  std::vector<unsigned char> refused_;
};

}  // namespace gaussmix
