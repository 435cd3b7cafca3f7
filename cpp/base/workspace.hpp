// Memory that functions work with and give back.
#pragma once

#include <memory>

#include "base/types.hpp"

namespace gaussmix {

// K square matrices of one size.
struct MatrixStack {
  double* data;
  Index count;
  Index size;

  ColumnMap operator[](Index k) const { return {data + k * size * size, size, size}; }
};

// A stack of numbers, of no defined value. What is taken lives until the Scope ends in which it was taken; a stack that has been
// as high before asks the heap for nothing.
class Workspace {
 public:
  class Scope {
   public:
    explicit Scope(Workspace& workspace) : workspace_(workspace), block_(workspace.block_), used_(workspace.used_) {}
    ~Scope() { workspace_.give_back(block_, used_); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    Workspace& workspace_;
    std::size_t block_, used_;
  };

  VectorMap vector(Index n) { return {take(n), n}; }
  MatrixMap matrix(Index rows, Index cols) { return {take(rows * cols), rows, cols}; }
  ColumnMap columns(Index rows, Index cols) { return {take(rows * cols), rows, cols}; }
  MatrixStack matrices(Index count, Index size) { return {take(count * size * size), count, size}; }

 private:
  struct Block {
    std::unique_ptr<double[]> numbers;
    std::size_t size;
  };

  double* take(Index n);
  void give_back(std::size_t block, std::size_t used) noexcept;

  std::vector<Block> blocks_;  // one, but for a stack that is higher than ever
  std::size_t block_ = 0, used_ = 0, highest_ = 0;
};

}  // namespace gaussmix
