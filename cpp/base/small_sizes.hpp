// One body for matrices of any size, compiled for each small size by itself.
#pragma once

#include <type_traits>

#include "base/types.hpp"

namespace gaussmix {

template <int N>
using SquareOf = Eigen::Matrix<double, N, N, N == 1 ? Eigen::ColMajor : Eigen::RowMajor>;
template <int N>
using VectorOf = Eigen::Matrix<double, N, 1>;

// f(n as a type): a size of up to four is known to the compiler, which then unrolls Eigen's loops. On matrices that small these
// take several times as long to set up as to run, and a fit to some hundred rows spends most of its time there.
template <class F>
decltype(auto) with_size(Index n, F&& f) {
  switch (n) {
    case 1: return f(std::integral_constant<int, 1>{});
    case 2: return f(std::integral_constant<int, 2>{});
    case 3: return f(std::integral_constant<int, 3>{});
    case 4: return f(std::integral_constant<int, 4>{});
    default: return f(std::integral_constant<int, Eigen::Dynamic>{});
  }
}

}  // namespace gaussmix
