#include "base/workspace.hpp"

#include <algorithm>

namespace gaussmix {

double* Workspace::take(Index n) {
  const auto size = static_cast<std::size_t>(n);
  while (block_ < blocks_.size() && used_ + size > blocks_[block_].size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const std::size_t wanted = block_ == 0 ? std::max(size, highest_) : size;
    blocks_.push_back({std::unique_ptr<double[]>(new double[wanted]), wanted});
  }
  double* const taken = blocks_[block_].numbers.get() + used_;
  used_ += size;
  return taken;
}

void Workspace::give_back(std::size_t block, std::size_t used) noexcept {
  block_ = block;
  used_ = used;
  if (block_ > 0 || used_ > 0 || blocks_.size() < 2) return;
  highest_ = 0;
  for (const Block& one : blocks_) highest_ += one.size;
  blocks_.clear();  // the next that is taken makes it one: here, where scopes end, nothing may fail
}

}  // namespace gaussmix
