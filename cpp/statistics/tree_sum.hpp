// Sums vectors over leaves 0 .. n_leaves - 1 in one fixed binary tree, on any number of threads, to the same bits.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "base/parallel.hpp"

namespace gaussmix {

// Node (level, i) is the sum of nodes (level - 1, 2i) and (level - 1, 2i + 1); a node without a right sibling, at the
// ragged end, moves up as it is. Whoever finishes the second of two siblings adds them, so leaves may be done in any
// order, and only the few sums that wait for their sibling are held: about one per thread and one per level. Memory is
// kept between calls.
class TreeSum {
 public:
  // leaf(index, thread, out) writes `size` doubles. The result is valid until the next call.
  template <class Leaf>
  const double* operator()(Index n_leaves, Index size, const Execution& execution, Leaf&& leaf) {
    reset(n_leaves, size, execution.threads_for(n_leaves));
    parallel_for(n_leaves, execution, [&](Index i, int thread) {
      double* buffer = take_buffer();
      leaf(i, thread, buffer);
      climb(i, buffer);
    });
    return result_;
  }

  // Doubles that such a sum takes from the heap.
  static Index memory(Index n_leaves, Index size, Index n_threads);

 private:
  struct Node {
    int level;
    Index index;
    double* sum;
  };

  void reset(Index n_leaves, Index size, Index n_threads);
  double* take_buffer();
  void give_back(double* buffer);
  void climb(Index leaf, double* sum);
  // The sibling of (level, index) when it is waiting, else leaves `sum` to wait for it and returns null.
  double* meet_sibling(int level, Index index, double* sum);

  Index n_leaves_ = 0;
  Index size_ = 0;
  double* result_ = nullptr;
  std::unique_ptr<double[]> storage_;
  Index capacity_ = 0;                               // of `storage_`
  std::mutex mutex_;                                 // of what follows
  std::vector<std::unique_ptr<double[]>> overflow_;  // buffers beyond `storage_`
  std::vector<double*> free_;
  std::vector<Node> waiting_;
};

}  // namespace gaussmix
