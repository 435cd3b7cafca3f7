#include "statistics/tree_sum.hpp"

#include <utility>

namespace gaussmix {

void TreeSum::reset(Index n_leaves, Index size) {
  if (size != size_) buffers_.clear();
  n_leaves_ = n_leaves;
  size_ = size;
  result_ = nullptr;
  waiting_.clear();  // an interrupted call leaves some behind
  free_.clear();
  for (const auto& buffer : buffers_) free_.push_back(buffer.get());
}

double* TreeSum::take_buffer() {
  const std::lock_guard lock(mutex_);
  if (free_.empty()) {
    buffers_.push_back(std::make_unique_for_overwrite<double[]>(static_cast<std::size_t>(size_)));
    return buffers_.back().get();
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
