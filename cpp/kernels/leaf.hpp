// One leaf: a fixed range of rows, block by block. E-step and M-step sums in one visit, no n x K array.
#pragma once

#include "kernels/centred.hpp"
#include "kernels/features.hpp"
#include "kernels/hard.hpp"
#include "kernels/outputs.hpp"

namespace gaussmix::kernels {
namespace {

inline void normalise(const RealTask& task, const Block& block, Likelihood& total) {
  const Index n_components = task.density.n_components;
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    block.ahead.step();
    Real* logits = block.logits + strip * n_components * kStrip;
    const Real* weights = block.weights + strip * kStrip;
    Real* log_density = block.log_density + strip * kStrip;
    if (task.source == Source::softmax)
      softmax(n_components, logits, weights, log_density, total);
    else
      harden(n_components, logits, weights, block.best + strip * kStrip, log_density, total);
  }
}

// Leaves weighted responsibilities in block.logits.
inline void assign(const RealTask& task, const Real* x, Index begin, const Block& block, Likelihood& total) {
  const Index n_components = task.density.n_components, n_features = task.density.n_features;
  if (task.source == Source::given) {
    copy_given(task.rows.responsibilities, n_components, begin, block);
    return;
  }
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    block.ahead.step();
    centred_logits(task.density, x + strip * n_features * kStrip, block.centred,
                   block.logits + strip * n_components * kStrip);
  }
  write_logits(task, block, begin);
  normalise(task, block, total);
  write_responsibilities(task, block, begin);
}

// The same, where features serve: they stay in block.features for the sums.
inline void assign_by_features(const RealTask& task, const Real* x, const Block& block, Likelihood& total) {
  const RealDensity& density = task.density;
  for (Index strip = 0; strip < block.n_strips; ++strip) {
    block.ahead.step();
    Real* features = block.features + strip * density.features.size * kStrip;
    make_features(density, x + strip * density.n_features * kStrip, features);
    feature_logits(density.features, nullptr, density.n_components, features,
                   block.logits + strip * density.n_components * kStrip);
  }
  normalise(task, block, total);
  // What all components have in common of a whitened row's log density.
  if (density.whitener != nullptr)
    for (Index strip = 0; strip < block.n_strips; ++strip)
      for (int v = 0; v < kStrip; v += kLanes) {
        Vec squares{};
        for (Index d = 0; d < density.n_features; ++d) {
          const Vec y = load(x + (strip * density.n_features + d) * kStrip + v);
          squares += y * y;
        }
        total.log_likelihood -= Real(0.5) * load(block.weights + strip * kStrip + v) * squares;
      }
}

// What the blocks of a leaf add to.
struct LeafSums {
  double* centred;  // laid out as `partial`; room for a vector beyond its end
  double* features;
  Likelihood likelihood{};  // since the last flush: once per leaf, in single precision once per block
  double log_likelihood = 0;
  double certainty = 0;

  void flush() {
    log_likelihood += horizontal_sum(likelihood.log_likelihood);
    certainty += horizontal_sum(likelihood.certainty);
    likelihood = {};
  }
};

inline void accumulate_centred(const RealTask& task, const Layout& layout, const Real* x, const Block& block,
                               double* sums) {
  for (Index k = 0; k < task.density.n_components; ++k) accumulate_component(task, layout, k, x, block, sums);
}

inline bool features_serve(const RealDensity& density, const Real* x, const Block& block) {
  return density.features.table != nullptr && within_limit(density.features, density.n_features, x, block.n_strips);
}

// Where double precision may use features, the centred form of single precision has to be faster than that: with AVX-512 from
// D = 16 on (1.3 times, 1.6 at D = 32; AVX2 1.2, SSE 1.1), and only if the covariances are full.
inline bool centred_form_pays(const RealDensity& density) {
  return sizeof(Real) == 8 || density.features.table == nullptr ||
         (kVectorSize == 64 && density.shape == Shape::full && density.n_features >= 16);
}

// Of the block that begins at row `begin`, in as many steps as this one has: see where step() is called.
inline Ahead rows_ahead(const RealTask& task, const Block& block, Index begin, Index leaf_end) {
  const Index end = begin + block.capacity < leaf_end ? begin + block.capacity : leaf_end;
  const Index row_size = task.density.n_features * (task.rows.single_precision ? 4 : 8);
  const char* data = static_cast<const char*>(task.rows.data);
  const Index n_tiles = task.accumulate && task.density.features.table != nullptr ? n_feature_tiles(task.density) : 0;
  return {data + begin * row_size, data + end * row_size, 2 * block.n_strips + n_tiles};
}

// False: rows so far from every component that their logits have too few digits, or most of them where only the slow form
// serves.
inline bool visit_all(const RealTask& task, const Layout& layout, Index begin, Index end, Block& block,
                      LeafSums& sums) {
  const RealDensity& density = task.density;
  const bool centred_pays = centred_form_pays(density);
  Index n_slow = 0;
  for (Index first = begin; first < end; first += block.capacity) {
    const Index last = first + block.capacity < end ? first + block.capacity : end;
    load_block(task, first, last, block);
    block.ahead = rows_ahead(task, block, last, end);
    const Real* x = block.x;
    if (density.whitener != nullptr) {
      whiten(density, block);
      x = block.whitened;
    }
    const bool by_features = features_serve(density, x, block);
    if (!by_features && !centred_pays && 4 * ++n_slow * block.capacity > end - begin) return false;
    if (by_features)
      assign_by_features(task, x, block, sums.likelihood);
    else
      assign(task, x, first, block, sums.likelihood);
    if (!digits_suffice(sums.likelihood)) return false;
    if (sizeof(Real) == 4) sums.flush();
    if (!task.accumulate) continue;
    if (by_features)
      accumulate_features(density, block, sums.features);
    else if (task.source == Source::hard && task.scatter != Scatter::factor && density.n_components > kFewComponents)
      accumulate_hard(task, layout, first, block, sums.centred);
    else
      accumulate_centred(task, layout, x, block, sums.centred);
    if (task.total_scatter) accumulate_total(density, block, sums.centred + layout.total);
  }
  return true;
}

template <class T>
inline Layout layout_of(const BasicTask<T>& task) {
  return make_layout(task.density.n_components, task.density.n_features, task.scatter, task.total_scatter,
                     task.density.n_projections);
}

struct Workspace {
  Index block, sums, feature_sums, shift;  // sizes in doubles
  Index size() const { return block + sums + feature_sums + shift; }
};

template <class T>
inline Workspace make_workspace(const BasicTask<T>& task) {
  const BasicDensity<T>& density = task.density;
  const Index n_feature_sums = density.features.table != nullptr ? density.n_components * density.features.size : 0;
  return {doubles(block_size(task)), round_up(layout_of(task).size + kWideLanes, 8),
          round_up(n_feature_sums + kWideLanes, 8), round_up(density.n_features, 8)};
}

// Zeroes the sums; the block comes first.
inline LeafSums make_sums(const Workspace& sizes, double* workspace) {
  LeafSums sums{workspace + sizes.block, workspace + sizes.block + sizes.sums};
  for (Index i = 0; i < sizes.sums + sizes.feature_sums; ++i) sums.centred[i] = 0.0;
  return sums;
}

}  // namespace
}  // namespace gaussmix::kernels
