#include <atomic>
#include <cmath>
#include <limits>

#include <pybind11/stl.h>

#include "bindings/arrays.hpp"
#include "bindings/execution.hpp"
#include "bindings/functions.hpp"

namespace gaussmix::bindings {

namespace {

constexpr Index kChunk = 1 << 16;

// A sum is finite only if every term is, so whole runs are cleared without a branch per value.
template <class T>
Index first_nonfinite(const T* values, Index n) {
  for (Index begin = 0; begin < n; begin += 1024) {
    const Index end = std::min(n, begin + 1024);
    T sum[8] = {};
    Index i = begin;
    for (; i + 8 <= end; i += 8)
      for (int lane = 0; lane < 8; ++lane) sum[lane] += values[i + lane] * T(0);
    T total = 0;
    for (; i < end; ++i) total += values[i] * T(0);
    for (const T s : sum) total += s;
    if (total == T(0)) continue;  // x * 0 is NaN exactly where x is not finite
    for (i = begin; i < end; ++i)
      if (!std::isfinite(values[i])) return i;
  }
  return n;
}

template <class T>
Index find(const T* values, Index n, const Execution& execution) {
  std::atomic<Index> first{std::numeric_limits<Index>::max()};
  parallel_for((n + kChunk - 1) / kChunk, execution, [&](Index chunk, int) {
    const Index begin = chunk * kChunk;
    if (begin > first.load(std::memory_order_relaxed)) return;
    const Index length = std::min(kChunk, n - begin);
    const Index found = first_nonfinite(values + begin, length);
    if (found == length) return;
    Index known = first.load();
    while (begin + found < known && !first.compare_exchange_weak(known, begin + found)) {
    }
  });
  return first.load();
}

std::optional<std::pair<Index, Index>> find_nonfinite(const py::array& x, std::optional<int> n_threads) {
  const Data data = make_data(x, std::nullopt);
  const Index n = data.n_rows * data.n_features;
  Call call(n <= kChunk ? std::optional<int>(1) : n_threads);
  const Execution execution = call.execution();
  const Index found = call.without_gil([&] {
    return data.single_precision ? find(static_cast<const float*>(data.x), n, execution)
                                 : find(static_cast<const double*>(data.x), n, execution);
  });
  if (found >= n) return std::nullopt;
  return std::pair(found / data.n_features, found % data.n_features);
}

}  // namespace

void add_data(py::module_& m) {
  m.def("find_nonfinite", &find_nonfinite, py::arg("X").noconvert(), py::arg("n_threads"));
}

}  // namespace gaussmix::bindings
