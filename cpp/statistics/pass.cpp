#include "statistics/pass.hpp"

#include <algorithm>
#include <new>
#include <numeric>

#include "kernels/dispatch.hpp"

namespace gaussmix {

Index leaf_rows(Index n_components, Index n_features) {
  const Index cost = n_components * kernels::packed_size(n_features + 1);
  Index rows = 16384;
  while (rows > 256 && cost > (Index{1} << 25) / rows) rows /= 2;
  return rows;
}

namespace {

struct Sizes {
  Index rows, n_leaves;   // of a leaf; in all
  Index sums, workspace;  // of a leaf; of a thread; in doubles
};

Sizes sizes_of(const kernels::Task& task, Index n_rows) {
  const kernels::Density& density = task.density;
  const kernels::Level& level = kernels::active_level();
  const Index rows = leaf_rows(density.n_components, density.n_features);
  const Index sums = kernels::make_layout(density.n_components, density.n_features, task.scatter, task.total_scatter,
                                          density.n_projections)
                         .size;
  Index workspace = level.workspace_size(task);
  if (task.single_precision) workspace = std::max(workspace, level.single->workspace_size(task));
  return {rows, (n_rows + rows - 1) / rows, sums, (workspace + 7) / 8 * 8};
}

}  // namespace

Index Pass::memory(const kernels::Task& task, Index n_rows, int n_threads) {
  const Sizes sizes = sizes_of(task, n_rows);
  const Index threads = Execution{n_threads, {}}.threads_for(sizes.n_leaves);
  return threads * sizes.workspace + TreeSum::memory(sizes.n_leaves, sizes.sums, threads);
}

const double* Pass::run(const kernels::Task& task, Index n_rows) {
  const kernels::Level& level = kernels::active_level();
  const Sizes sizes = sizes_of(task, n_rows);
  refused_.assign(static_cast<std::size_t>(task.single_precision ? sizes.n_leaves : 0), 0);
  const Index needed = sizes.workspace * execution_.threads_for(sizes.n_leaves);
  if (needed > workspace_capacity_) {
    workspace_.reset();  // release first: the two need never stand side by side
    workspace_capacity_ = 0;
    workspace_.reset(static_cast<double*>(
        ::operator new[](static_cast<std::size_t>(needed) * sizeof(double), std::align_val_t{64})));
    workspace_capacity_ = needed;
  }
  return tree_sum_(sizes.n_leaves, sizes.sums, execution_, [&](Index leaf, int thread, double* out) {
    const Index begin = leaf * sizes.rows, end = std::min(n_rows, begin + sizes.rows);
    double* memory = workspace_.get() + thread * sizes.workspace;
    if (task.single_precision) {
      // A leaf that is about to be visited sparsely, or is so already, knows no single precision.
      const bool waits = task.sparse.leaves == nullptr || task.sparse.leaves[leaf].wait > 0;
      if (!waits && level.run(task, begin, end, memory, out)) return;
      if (level.single->run(task, begin, end, memory, out)) return;
      refused_[static_cast<std::size_t>(leaf)] = 1;
    }
    level.run(task, begin, end, memory, out);
  });
}

double Pass::refused() const {
  const auto n = static_cast<double>(refused_.size());
  return n > 0 ? std::accumulate(refused_.begin(), refused_.end(), 0.0) / n : 0.0;
}

}  // namespace gaussmix
