// What the engine and the per-level kernels agree on: plain structs of borrowed pointers, and one table of function
// pointers per instruction-set level. Everything here has internal linkage or none, because this header is compiled
// under different instruction sets and the linker would keep just one copy of an inline function.
#pragma once

#include <cstdint>

namespace gaussmix::kernels {

using Index = std::int64_t;

enum class Shape { spherical, diagonal, full, factor };  // of the inverse factors below
enum class Source { softmax, hard, given };              // where responsibilities come from
enum class Scatter { none, trace, diagonal, full, factor };

// Logits as products of a table of numbers with features of the row, z = x - centre: [1, z] for a whitened density, [1, z, |z|^2]
// spherical, [1, z, z_i^2] diagonal, [1, z, z_i z_j (j <= i, by rows)] full. Half the operations of the centred form and no
// subtraction per component, but its rounding grows with the square of the distance from the one centre: a block of rows
// uses it only if sum_i (z_i * inverse_scale_i)^2 <= limit for all of them, and is centred on each mean otherwise.
template <class Real>
struct BasicFeatures {
  const Real* table = nullptr;          // K x size; null: never use this form
  const Real* centre = nullptr;         // D
  const Real* inverse_scale = nullptr;  // D
  double limit = 0;
  double single_limit = 0;  // in single precision
  Index size = 0;
};

// Logit, in units of log 2, of row x and component k: log_constants[k] - |factor_k (x - mean_k)|^2, never below kLowestLogit;
// of factor analysers, + |projection_k (x - mean_k)|^2.
template <class Real>
struct BasicDensity {
  Shape shape = Shape::full;
  Index n_components = 0;
  Index n_features = 0;
  const Real* means = nullptr;          // K x D
  const Real* factors = nullptr;        // spherical K, diagonal and factor K x D, full K x packed lower triangle
  const Real* log_constants = nullptr;  // K
  // For factor densities, and for sums of kind factor under any density.
  Index n_projections = 0;
  const Real* projections = nullptr;  // K x n_projections x D
  // Of factor densities, K x (D + n_projections) x n_projections: when set, the squared distance is that of
  // [factor_k (x - mean_k), 0] + these times the projections. It is the same without a difference of large numbers.
  const Real* explained = nullptr;
  // When set, rows are replaced by whitener (x - whitening_centre) first; `means` and all sums live in those coordinates.
  const Real* whitener = nullptr;          // packed lower triangle
  const Real* whitening_centre = nullptr;  // D
  BasicFeatures<Real> features;
};

// Largest sum_i (sum_j |L^-1_ij| |x_j - c_j|)^2 at which the feature form is used. Its logits are sums of terms that add up, in
// magnitude, to no more than this, so each of the additions rounds by 2^20 * 2^-53 = 1e-10 at worst, and by far less as a
// rule: logits come out good to about 1e-12, and so do scatters about c in the component's own metric.
constexpr double kLargestFeatureDistance = 1 << 20;
// The same for sum_ij |A_ij| |z_i| |z_j|, A = (L L^T)^-1 rounded once, in single precision: 2^10 * 2^-24 = 6e-5 at worst, about
// 1e-6 as a rule, of a single row; of sums over many rows less.
constexpr double kLargestSingleFeatureDistance = 1 << 10;

// A logit of minus infinity would turn into NaN as soon as two of them are subtracted.
constexpr double kLowestLogit = -1e300;

struct Rows {
  const void* data = nullptr;  // n x D, row-major, float32 or float64
  bool single_precision = false;
  const double* weights = nullptr;           // n, or null for all one
  const double* responsibilities = nullptr;  // n x K, for Source::given
  const double* origin = nullptr;            // D: subtracted from every row as it is read; in double precision only
};

// Arrays over all n rows, each written when not null.
struct Outputs {
  double* log_density = nullptr;        // n
  double* joint_log_density = nullptr;  // n x K
  double* responsibilities = nullptr;   // n x K
  std::int64_t* labels = nullptr;       // n
};

// Sums over rows, flat: weight (K), sum of r (x - mean_k) (K x D), scatter about mean_k (K x its size; of kind factor, for every
// feature, its products with the projections of x - mean_k and then with itself), total scatter of
// the whitened rows about zero (packed), log-likelihood (1), certainty: sum of log max_k r_k (1). Flat so that merging two is one loop of additions.
struct Layout {
  Index weight = 0;
  Index sum = 0;
  Index scatter = 0;
  Index scatter_size = 0;  // per component
  Index total = 0;
  Index log_likelihood = 0;
  Index certainty = 0;
  Index size = 0;
};

static inline Index packed_size(Index n) { return n * (n + 1) / 2; }

static inline Layout make_layout(Index n_components, Index n_features, Scatter scatter, bool total_scatter,
                                 Index n_projections = 0) {
  Layout layout;
  switch (scatter) {
    case Scatter::none: layout.scatter_size = 0; break;
    case Scatter::trace: layout.scatter_size = 1; break;
    case Scatter::diagonal: layout.scatter_size = n_features; break;
    case Scatter::full: layout.scatter_size = packed_size(n_features); break;
    case Scatter::factor: layout.scatter_size = n_features * (n_projections + 1); break;
  }
  layout.weight = 0;
  layout.sum = n_components;
  layout.scatter = layout.sum + n_components * n_features;
  layout.total = layout.scatter + n_components * layout.scatter_size;
  layout.log_likelihood = layout.total + (total_scatter ? packed_size(n_features) : 0);
  layout.certainty = layout.log_likelihood + 1;
  layout.size = layout.certainty + 1;
  return layout;
}

// What a sparse visit remembers of a leaf.
struct LeafState {
  std::int32_t stage = 0;
  std::int32_t wait = 1;       // visits until the leaf is looked at again
  std::int32_t wait_next = 4;  // after that
  float share = 0;             // of (group, component) pairs that mattered when the rows were sorted
};

constexpr Index kSparseGroup = 32;  // rows that share their bounds

// Memory of all leaves between passes, and how the components have moved since the last one: in the metric of k,
// distance now >= scale_k * distance then - shift_k. See sparse.hpp.
struct Sparse {
  LeafState* leaves = nullptr;     // null: every component of every row
  std::uint16_t* order = nullptr;  // n: the leaf's rows, sorted
  float* bounds = nullptr;         // groups of all leaves x K
  const float* scale = nullptr;    // K
  const float* shift = nullptr;    // K
  Index leaf_rows = 0;             // a multiple of kSparseGroup, at most 65536
};

template <class Real>
struct BasicTask {
  BasicDensity<Real> density;
  Rows rows;
  Outputs outputs;
  Sparse sparse;
  Source source = Source::softmax;
  Scatter scatter = Scatter::none;
  bool accumulate = true;      // false: outputs only
  bool total_scatter = false;  // needs a whitener
  // Sums are of factor_k (x - mean_k) instead of x - mean_k: full densities and scatter, in the centred form.
  bool own_metric = false;
  // Arithmetic in single precision where a leaf allows it. Rows are then float32 and `origin` is a point among them: the
  // whitening centre if there is one.
  bool single_precision = false;
  const double* origin = nullptr;  // D
};

using Features = BasicFeatures<double>;
using Density = BasicDensity<double>;
using Task = BasicTask<double>;

struct Level {
  const char* name;
  int lanes;
  Index (*workspace_size)(const Task&);  // in doubles
  // Rows [begin, end); `workspace` is aligned to 64 bytes; `partial` (make_layout's size) is overwritten. False: this leaf is
  // for the other precision, and `partial` means nothing. Double precision says so at most once, when a task that allows
  // single precision finds that most components matter to its rows.
  bool (*run)(const Task&, Index begin, Index end, double* workspace, double* partial);
  const Level* single;  // the same in single precision
};

}  // namespace gaussmix::kernels
