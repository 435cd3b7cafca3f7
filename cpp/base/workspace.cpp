#include "base/workspace.hpp"

namespace gaussmix {

double* Workspace::take(Index n) {
  const auto size = static_cast<std::size_t>(n);
  while (block_ < blocks_.size() && used_ + size > blocks_[block_].size) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) blocks_.push_back({std::unique_ptr<double[]>(new double[size]), size});
  double* const taken = blocks_[block_].numbers.get() + used_;
  used_ += size;
  return taken;
}

void Workspace::give_back(std::size_t block, std::size_t used) {
  block_ = block;
  used_ = used;
  if (block_ > 0 || used_ > 0 || blocks_.size() < 2) return;
  std::size_t total = 0;
  for (const Block& one : blocks_) total += one.size;
  blocks_.clear();  // first, so that both are never there at once
  blocks_.push_back({std::unique_ptr<double[]>(new double[total]), total});
}

}  // namespace gaussmix
