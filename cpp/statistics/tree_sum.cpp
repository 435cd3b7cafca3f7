#include "statistics/tree_sum.hpp"

#include <algorithm>
#include <utility>

namespace gaussmix {

namespace {

// Buffers that can be in use at once, or as many of them as 128 MB hold. A sum waits because its sibling's leaves are still
// in work or not yet begun: one per level for each thread's leaf and for the first leaf not begun. Threads rarely stand
// so far apart; memory that is never written to costs nothing.
Index buffers_for(Index n_leaves, Index size, Index n_threads) {
  constexpr Index kLargest = Index{1} << 24;
  Index levels = 0;
  while ((Index{1} << levels) < n_leaves) ++levels;
  const Index likely = n_threads + levels, most = n_threads + (n_threads + 1) * levels;
  return std::min(n_leaves, std::clamp(kLargest / size, likely, most));
}

}  // namespace

Index TreeSum::memory(Index n_leaves, Index size, Index n_threads) {
  return buffers_for(n_leaves, size, n_threads) * size;
}

void TreeSum::reset(Index n_leaves, Index size, Index n_threads) {
  const Index n_buffers = buffers_for(n_leaves, size, n_threads);
  if (n_buffers * size > capacity_) {
    storage_.reset();  // release first: the two need never stand side by side
    capacity_ = 0;     // should there be no memory
    storage_ = std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(n_buffers * size));
    capacity_ = n_buffers * size;
  }
  if (size != size_) overflow_.clear();
  n_leaves_ = n_leaves;
  size_ = size;
  result_ = nullptr;
  waiting_.clear();  // an interrupted call leaves some behind
  waiting_.reserve(static_cast<std::size_t>(n_buffers));
  free_.clear();
  free_.reserve(static_cast<std::size_t>(n_buffers));
  for (const auto& buffer : overflow_) free_.push_back(buffer.get());
  for (Index i = n_buffers; i-- > 0;) free_.push_back(storage_.get() + i * size);
}

double* TreeSum::take_buffer() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    overflow_.push_back(std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(size_)));
    return overflow_.back().get();
  }
  double* buffer = free_.back();
  free_.pop_back();
  return buffer;
}

void TreeSum::give_back(double* buffer) {
  const std::lock_guard lock(mutex_);
  free_.push_back(buffer);
}

double* TreeSum::meet_sibling(int level, Index index, double* sum) {
  const std::lock_guard lock(mutex_);
  for (Node& node : waiting_) {
    if (node.level != level || node.index != (index ^ 1)) continue;
    double* sibling = node.sum;
    node = waiting_.back();
    waiting_.pop_back();
    return sibling;
  }
  waiting_.push_back({level, index, sum});
  return nullptr;
}

void TreeSum::climb(Index leaf, double* sum) {
  Index index = leaf;
  for (int level = 0; (Index{1} << level) < n_leaves_; ++level, index /= 2) {
    const bool alone = index % 2 == 0 && ((index + 1) << level) >= n_leaves_;
    if (alone) continue;
    double* left = sum;
    double* right = meet_sibling(level, index, sum);
    if (right == nullptr) return;
    if (index % 2 == 1) std::swap(left, right);
    for (Index i = 0; i < size_; ++i) left[i] += right[i];
    give_back(right);
    sum = left;
  }
  result_ = sum;
}

}  // namespace gaussmix
