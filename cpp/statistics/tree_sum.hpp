// Sums vectors over leaves 0 .. n_leaves - 1 in one fixed binary tree, on any number of threads, to the same bits.
#pragma once

#include <bit>
#include <vector>

#include "base/parallel.hpp"

namespace gaussmix {

// The tree pairs neighbouring leaves, then neighbouring pairs, and so on; what is left over at the right edge is added
// from the right. Threads take whole aligned subtrees, so the number of subtrees changes no bit. Buffers are kept
// between calls: an iteration allocates nothing.
class TreeSum {
 public:
  // leaf(index, thread, out) writes `size` doubles. The result is valid until the next call.
  template <class Leaf>
  const double* operator()(Index n_leaves, Index size, const Execution& execution, Leaf&& leaf) {
    // Eight subtrees per thread keep the threads busy to the end when some are slower than others.
    const Index wanted = 8 * static_cast<Index>(execution.threads_for(n_leaves));
    int levels = 0;
    while ((n_leaves >> levels) > wanted) ++levels;
    const Index width = Index{1} << levels;
    const Index n_subtrees = (n_leaves + width - 1) / width;
    const int n_threads = execution.threads_for(n_subtrees);
    roots_.resize(static_cast<std::size_t>(n_subtrees * size));
    stacks_.resize(static_cast<std::size_t>(n_threads));
    for (Stack& stack : stacks_) stack.reserve(levels + 2, size);

    parallel_for(n_subtrees, execution, [&](Index subtree, int thread) {
      Stack& stack = stacks_[static_cast<std::size_t>(thread)];
      const Index end = std::min(n_leaves, (subtree + 1) * width);
      for (Index i = subtree * width; i < end; ++i) {
        if (thread == 0 && execution.poll && execution.poll()) throw Interrupted();
        leaf(i, thread, stack.top());
        stack.push();
      }
      stack.collapse();
      std::copy_n(stack.top_of_one(), size, roots_.data() + subtree * size);
    });

    top_.reserve(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(n_subtrees))) + 1, size);
    const bool ragged = n_leaves % width != 0;  // the last subtree is incomplete: it joins only in the collapse
    for (Index subtree = 0; subtree < n_subtrees; ++subtree) {
      std::copy_n(roots_.data() + subtree * size, size, top_.top());
      top_.push(ragged && subtree + 1 == n_subtrees ? -1 : 0);
    }
    top_.collapse();
    return top_.top_of_one();
  }

 private:
  // A binary counter of partial sums: neighbours of equal level merge at once.
  class Stack {
   public:
    void reserve(int depth, Index size) {
      size_ = size;
      depth_ = 0;
      values_.resize(static_cast<std::size_t>(depth * size));
      level_.resize(static_cast<std::size_t>(depth));
    }
    double* top() { return at(depth_); }
    const double* top_of_one() const { return values_.data(); }
    void push(int level = 0) {
      level_[static_cast<std::size_t>(depth_++)] = level;
      while (depth_ >= 2 &&
             level_[static_cast<std::size_t>(depth_ - 1)] == level_[static_cast<std::size_t>(depth_ - 2)])
        merge();
    }
    void collapse() {
      while (depth_ >= 2) merge();
      depth_ = 0;
    }

   private:
    double* at(Index i) { return values_.data() + i * size_; }
    void merge() {
      double* a = at(depth_ - 2);
      const double* b = at(depth_ - 1);
      for (Index i = 0; i < size_; ++i) a[i] += b[i];
      ++level_[static_cast<std::size_t>(depth_ - 2)];
      --depth_;
    }
    Index size_ = 0;
    Index depth_ = 0;
    std::vector<double> values_;
    std::vector<int> level_;
  };

  std::vector<double> roots_;
  std::vector<Stack> stacks_;
  Stack top_;
};

}  // namespace gaussmix
