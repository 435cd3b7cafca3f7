// Prints what this machine can multiply and add: GFLOP/s of float64, then of float32.
// Usage: fma_peak THREADS SECONDS. Register-only chains, enough of them to hide the latency of the
// units; the best of many short trials, as a busy machine only ever makes one slower.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#if defined(__AVX512F__)
constexpr int bytes = 64;
#elif defined(__AVX__)
constexpr int bytes = 32;
#else
constexpr int bytes = 16;
#endif

#if defined(__aarch64__)
#define IN_REGISTER(a) "+w"(a)
#else
#define IN_REGISTER(a) "+v"(a)
#endif
#define KEEP_ALL(a, b, c, d, e, f) \
  asm volatile("" : IN_REGISTER(a), IN_REGISTER(b), IN_REGISTER(c), IN_REGISTER(d), IN_REGISTER(e), IN_REGISTER(f))

using Clock = std::chrono::steady_clock;
constexpr int chains = 12;  // two units of a latency of four need eight; sixteen registers hold twelve
constexpr long rounds = 20'000;

double since(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

template <typename Real>
[[gnu::noinline]] Real trial(Real factor, Real term) {
  typedef Real Vector __attribute__((vector_size(bytes)));
  const Vector f = factor - Vector{}, t = term - Vector{};
  Vector a0 = t, a1 = t, a2 = t, a3 = t, a4 = t, a5 = t, a6 = t, a7 = t, a8 = t, a9 = t, a10 = t, a11 = t;
  for (long r = 0; r < rounds; ++r) {
    a0 = a0 * f + t, a1 = a1 * f + t, a2 = a2 * f + t, a3 = a3 * f + t, a4 = a4 * f + t, a5 = a5 * f + t;
    a6 = a6 * f + t, a7 = a7 * f + t, a8 = a8 * f + t, a9 = a9 * f + t, a10 = a10 * f + t, a11 = a11 * f + t;
    // Twelve equal chains would be one chain to a compiler that may look at them.
    KEEP_ALL(a0, a1, a2, a3, a4, a5);
    KEEP_ALL(a6, a7, a8, a9, a10, a11);
  }
  const Vector sum = a0 + a1 + a2 + a3 + a4 + a5 + a6 + a7 + a8 + a9 + a10 + a11;
  return sum[0];
}

template <typename Real>
double best_of_one_thread(double seconds) {
  volatile Real sink = 0;
  double best = 1e9;
  for (const auto begin = Clock::now(); since(begin) < seconds;) {
    const auto start = Clock::now();
    sink = trial<Real>(Real(0.5), Real(1) + sink * 0);
    best = std::min(best, since(start));
  }
  return 2.0 * chains * (bytes / sizeof(Real)) * rounds / best / 1e9;
}

template <typename Real>
double all_threads(int n_threads, double seconds) {
  std::vector<double> rates(n_threads);
  std::vector<std::thread> others;
  for (int i = 1; i < n_threads; ++i) {
    others.emplace_back([&rates, seconds, i] { rates[i] = best_of_one_thread<Real>(seconds); });
  }
  rates[0] = best_of_one_thread<Real>(seconds);
  for (auto& other : others) other.join();
  double sum = 0;
  for (double rate : rates) sum += rate;
  return sum;
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const int n_threads = std::max(1, std::atoi(argv[1]));
  const double seconds = std::atof(argv[2]);
  std::printf("%.3f ", all_threads<double>(n_threads, seconds));
  std::printf("%.3f\n", all_threads<float>(n_threads, seconds));
}
