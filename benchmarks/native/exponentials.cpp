// Prints how many nanoseconds one exponential of the kernels takes on one thread, in double precision and in registers: what
// no arrangement of loads, stores and other arithmetic around it can do without. Usage: exponentials SECONDS.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "kernels/exp_log.hpp"

using namespace gaussmix::kernels;
using Clock = std::chrono::steady_clock;

namespace {

constexpr long rounds = 10'000;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

GAUSSMIX_TILES double trial() {
  Tile logits, sum = {};
  for (int v = 0; v < kTileVectors; ++v) logits[v] = broadcast(-0.3 * (v + 1));
  for (long r = 0; r < rounds; ++r) {
    Tile e;
    unrolled<kTileVectors>([&]<int v>() {
      asm volatile("" : "+v"(logits[v]));  // a new number, for all the compiler knows
      e[v] = logits[v];
    });
    exp2_of_nonpositive(e);
    unrolled<kTileVectors>([&]<int v>() { sum[v] += e[v]; });
  }
  double total = 0;
  for (int v = 0; v < kTileVectors; ++v) total += horizontal_sum(sum[v]);
  return total;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  double best = 1e9;
  volatile double sink = 0;
  for (const auto begin = Clock::now(); since(begin) < std::atof(argv[1]);) {
    const auto start = Clock::now();
    sink = trial();
    best = std::min(best, since(start));
  }
  (void)sink;
  std::printf("%.5f\n", best / (rounds * static_cast<double>(kStrip)) * 1e9);
}
