#include "base/parallel.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>

#if defined(__linux__)
#include <pthread.h>
#include <sched.h>
// OpenMP 5.0; older run-time libraries lack it, so it may be absent when we are loaded.
#pragma weak omp_pause_resource_all
#endif

namespace gaussmix {

namespace {

std::atomic<int> threads_at_work{0};

#if defined(__linux__)

int affinity_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 0;  // more CPUs than the set holds: no limit known
  return CPU_COUNT(&set);
}

// ceil(quota / period) of the control group, 0 when there is none. Containers mount their own group at the root.
int cgroup_quota() {
  double quota = 0, period = 0;
  if (std::ifstream file("/sys/fs/cgroup/cpu.max"); file) {
    std::string first;
    if (file >> first >> period && first != "max") quota = std::strtod(first.c_str(), nullptr);
  } else {
    std::ifstream quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
    std::ifstream period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
    if (!(quota_file >> quota) || !(period_file >> period)) quota = 0;
  }
  return quota > 0 && period > 0 ? std::max(1, static_cast<int>(std::ceil(quota / period))) : 0;
}

// Reading the files takes longer than fitting a few rows, and quotas change with orchestration, not between two calls.
int recent_cgroup_quota() {
  using Clock = std::chrono::steady_clock;
  static std::atomic<Clock::rep> expires{0};
  static std::atomic<int> quota{0};
  const Clock::time_point now = Clock::now();
  if (now.time_since_epoch().count() >= expires.load(std::memory_order_acquire)) {
    quota.store(cgroup_quota(), std::memory_order_relaxed);
    expires.store((now + std::chrono::seconds(1)).time_since_epoch().count(), std::memory_order_release);
  }
  return quota.load(std::memory_order_relaxed);
}

// libgomp's pool does not survive fork: a child that opens a parallel region waits for threads that no longer exist.
// Dropping the pool before every fork cures it; both sides build a new one when they need it.
void drop_pool_before_fork() {
  if (omp_pause_resource_all != nullptr && !omp_in_parallel()) omp_pause_resource_all(omp_pause_hard);
}

// Calls of other threads do not live on in the child.
void forget_other_calls() { threads_at_work = 0; }

#else

int affinity_count() { return 0; }
int recent_cgroup_quota() { return 0; }

#endif

}  // namespace

int available_threads() {
  int threads = omp_get_max_threads();
  if (threads <= 1) return 1;
  for (const int limit : {affinity_count(), recent_cgroup_quota()})
    if (limit > 0) threads = std::min(threads, limit);
  return threads;
}

int usable_threads(int n_threads) {
  const int largest = std::max(64, 4 * omp_get_num_procs());
  if (n_threads > 0) return std::min(n_threads, largest);
  const int available = std::min(available_threads(), largest);
  return std::clamp(available - threads_at_work.load(), 1, available);
}

ThreadShare::ThreadShare(int n_threads) : n_threads_(n_threads) { threads_at_work += n_threads_; }

ThreadShare::~ThreadShare() { threads_at_work -= n_threads_; }

int openmp_version() { return _OPENMP; }

void install_fork_guard() {
#if defined(__linux__)
  pthread_atfork(drop_pool_before_fork, nullptr, forget_other_calls);
#endif
}

}  // namespace gaussmix
