// A block is a few hundred rows, transposed so that SIMD lanes hold different samples. Its buffers stay in the second cache
// level while every component passes over them. They are cut into strips, one register tile of samples each: in a buffer of
// n quantities, value q of sample i lies at [i / kStrip][q][i % kStrip], so that a strip is contiguous memory.
#pragma once

#include "kernels/lanes.hpp"

namespace gaussmix::kernels {
namespace {

// Rows that will be loaded next, fetched into the second cache level a few lines at a time while others are worked on. Left to
// themselves they come from memory only as they are read: a fifth of the time at D = 2, and of diagonal D = 32.
class Ahead {
 public:
  Ahead() = default;
  Ahead(const char* begin, const char* end, Index n_steps)
      : next_(begin), end_(end), step_((end - begin + n_steps - 1) / n_steps) {}
  void step() {
    const char* stop = end_ - next_ < step_ ? end_ : next_ + step_;
    for (; next_ < stop; next_ += kCacheLine) __builtin_prefetch(next_, 0, 2);
  }

 private:
  static constexpr Index kCacheLine = 64;
  const char* next_ = nullptr;
  const char* end_ = nullptr;
  Index step_ = 0;
};

struct Block {
  Index capacity;     // rows a block can hold
  Index rows;         // rows present
  Index n_strips;     // padding rows repeat the first row with weight zero
  Real* x;            // D per sample
  Real* whitened;     // D, or null
  Real* centred;      // scratch of the centred form: see centred_quantities()
  Real* features;     // scratch of the feature form; shares the memory of `centred`
  Real* logits;       // K: logits, then responsibilities
  Real* weights;      // 1
  Real* log_density;  // 1
  Real* best;         // 1: number of the best component, for hard assignments
  mutable Ahead ahead;
};

// The rows' other coordinates, or scratch for them.
template <class T>
inline bool needs_whitened(const BasicTask<T>& task) {
  return task.density.whitener != nullptr || task.own_metric;
}

// A row less a mean, the root of its weight, and for densities and sums of kind factor its projections.
template <class T>
inline Index centred_quantities(const BasicTask<T>& task) {
  const bool projected = task.scatter == Scatter::factor || task.density.shape == Shape::factor;
  return task.density.n_features + 1 + (projected ? task.density.n_projections : 0);
}

// What one sample needs, in numbers.
template <class T>
inline Index row_size(const BasicTask<T>& task) {
  const BasicDensity<T>& density = task.density;
  const Index centred = centred_quantities(task);
  const Index scratch =
      density.features.table != nullptr && density.features.size > centred ? density.features.size : centred;
  const Index coordinates = needs_whitened(task) ? 2 * density.n_features : density.n_features;
  return coordinates + scratch + density.n_components + 3;
}

// As many rows as fit in 1 MB, so that reducing the sums once per block is cheap beside making them, but no more than
// 512, because nothing is gained (single precision adds up 512 / kLanes numbers), and no fewer than a strip
// or a group of the sparse visit.
template <class T>
inline Index block_rows(const BasicTask<T>& task) {
  Index rows = 512;
  while (rows > kSparseGroup && rows > kStrip && rows * row_size(task) > Index{1048576} / Index{sizeof(Real)})
    rows /= 2;
  return rows;
}

// Distance of two quantities in `centred`; not a power of two, to spread over the sets of the caches.
inline Index centred_step(const Block& block) { return block.capacity + kAlignment; }

// In numbers, all buffers together.
template <class T>
inline Index block_size(const BasicTask<T>& task) {
  return block_rows(task) * row_size(task) + centred_quantities(task) * kAlignment;
}

inline Block make_block(const RealTask& task, Real* workspace) {
  const RealDensity& density = task.density;
  Block block{};
  block.capacity = block_rows(task);
  auto take = [&](Index count) {
    Real* p = workspace;
    workspace += count * block.capacity;
    return p;
  };
  block.x = take(density.n_features);
  block.whitened = needs_whitened(task) ? take(density.n_features) : nullptr;
  block.logits = take(density.n_components);
  block.weights = take(1);
  block.log_density = take(1);
  block.best = take(1);
  block.centred = block.features = workspace;
  return block;
}

template <class T>
inline Vec load_as_real(const T* p) {
  typedef T Narrow __attribute__((vector_size(kLanes * sizeof(T))));
  Narrow values;
  __builtin_memcpy(&values, p, sizeof values);
  return __builtin_convertvector(values, Vec);
}

// row(i) is sample i of the strip. By squares of registers, the last one overlapping the one before; for n_features >= kLanes.
template <class RowOf>
inline void transpose_wide_strip(RowOf&& row, Index n_features, Real* out) {
  for (Index i = 0; i < kStrip; i += kLanes)
    for (Index begin = 0; begin < n_features; begin += kLanes) {
      const Index d = begin + kLanes <= n_features ? begin : n_features - kLanes;
      Vec square[kLanes];
      for (int l = 0; l < kLanes; ++l) square[l] = load_as_real(row(i + l) + d);
      transpose_square<kLanes / 2>(square);
      for (int l = 0; l < kLanes; ++l) store(out + (d + l) * kStrip + i, square[l]);
    }
}

// D known to the compiler, or 0: for the narrowest rows it then finds shuffles.
template <int D, class RowOf>
inline void transpose_narrow_strip(RowOf&& row, Index n_features, Real* out) {
  const Index n = D > 0 ? D : n_features;
  for (Index d = 0; d < n; ++d)
    for (Index i = 0; i < kStrip; ++i) out[d * kStrip + i] = static_cast<Real>(row(i)[d]);
}

template <class RowOf>
inline void transpose_strip(RowOf&& row, Index n_features, Real* out) {
  if (n_features <= 4)
    with_size<4>(n_features, [&]<int D>() { transpose_narrow_strip<D>(row, n_features, out); });
  else if (n_features >= kLanes)
    transpose_wide_strip(row, n_features, out);
  else
    transpose_narrow_strip<0>(row, n_features, out);
}

template <class T>
inline void transpose(const T* rows, Index n_features, const Block& block) {
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    Real* out = block.x + strip * n_features * kStrip;
    const Index first = strip * kStrip;
    const T* from = rows + first * n_features;
    if (first + kStrip <= block.rows)
      transpose_strip([&](Index i) { return from + i * n_features; }, n_features, out);
    else
      transpose_strip([&](Index i) { return rows + (first + i < block.rows ? first + i : 0) * n_features; }, n_features,
                      out);
  }
}

// Coordinates less `origin`, given as a sum of two numbers because one of single precision has too few digits.
inline void subtract_origin(const double* origin, Index n_features, const Block& block) {
  Real* x = block.x;
  for (Index strip = 0; strip < block.n_strips; ++strip)
    for (Index d = 0; d < n_features; ++d, x += kStrip) {
      const Real high = static_cast<Real>(origin[d]);
      const Real low = static_cast<Real>(origin[d] - static_cast<double>(high));
      for (int v = 0; v < kStrip; v += kLanes) store(x + v, (load(x + v) - high) - low);
    }
}

// A row of no weight may lie so far out that its square is infinite, and zero times that is no number; or that the block
// would take the slow form for it.
inline void place_absent(const RealDensity& density, const Block& block) {
  const Real* place = density.whitener != nullptr ? density.whitening_centre : density.means;
  for (Index i = 0; i < block.n_strips * kStrip; ++i) {
    if (block.weights[i] != 0) continue;
    Real* x = block.x + i / kStrip * density.n_features * kStrip + i % kStrip;
    for (Index d = 0; d < density.n_features; ++d) x[d * kStrip] = place[d];
  }
}

inline void load_block(const RealTask& task, Index begin, Index end, Block& block) {
  const Rows& rows = task.rows;
  const Index n_features = task.density.n_features;
  block.rows = end - begin;
  block.n_strips = (block.rows + kStrip - 1) / kStrip;
  if (rows.single_precision)
    transpose(static_cast<const float*>(rows.data) + begin * n_features, n_features, block);
  else
    transpose(static_cast<const double*>(rows.data) + begin * n_features, n_features, block);
  const double* origin = sizeof(Real) == 4 ? task.origin : rows.origin;
  if (origin != nullptr) subtract_origin(origin, n_features, block);
  if (rows.weights != nullptr)
    for (Index i = 0; i < block.rows; ++i) block.weights[i] = static_cast<Real>(rows.weights[begin + i]);
  else
    for (Index i = 0; i < block.rows; ++i) block.weights[i] = 1;
  for (Index i = block.rows; i < block.n_strips * kStrip; ++i) block.weights[i] = 0;
  if (rows.weights != nullptr && task.accumulate) place_absent(task.density, block);
}

}  // namespace
}  // namespace gaussmix::kernels
