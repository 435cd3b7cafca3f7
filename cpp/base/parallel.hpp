// The only header that says omp. Tasks are numbered; what a task computes must not depend on the thread that runs it.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#if defined(GAUSSMIX_STD_THREADS)
#include <thread>
#include <vector>
#endif

#include <omp.h>

#include "base/errors.hpp"
#include "base/floating_point.hpp"
#include "base/types.hpp"

namespace gaussmix {

// OpenMP's own maximum, this process's CPU affinity and its cgroup quota, whichever is least; read anew at every call, but
// the quota at most once a second.
int available_threads();

// `n_threads`, or when it is 0 what is available and not at work in other calls, at least one; never so many that the
// system may refuse to start them, which OpenMP answers by ending the process. Results do not depend on it.
int usable_threads(int n_threads);

// The threads of one call, counted as at work while it lives: calls from several Python threads share the machine.
class ThreadShare {
 public:
  explicit ThreadShare(int n_threads);
  ~ThreadShare();
  ThreadShare(const ThreadShare&) = delete;
  ThreadShare& operator=(const ThreadShare&) = delete;

  int n_threads() const { return n_threads_; }

 private:
  int n_threads_;
};

// Date of the OpenMP specification compiled for, as yyyymm.
int openmp_version();

// Installs the fork guard (see parallel.cpp). Called once, at import.
void install_fork_guard();

// Threads to use, and how to ask whether to stop. `poll` returns true to stop; it is called by the calling thread only,
// between tasks, and decides by itself how often it really looks.
struct Execution {
  int n_threads = 1;
  std::function<bool()> poll;

  int threads_for(Index n_tasks) const { return static_cast<int>(std::clamp<Index>(n_tasks, 1, n_threads)); }
};

// body(thread) on each of at most `n_threads` threads, the calling one being number 0. It must not throw.
// With GAUSSMIX_STD_THREADS they are std::threads, whose every hand-over ThreadSanitizer sees; those of GCC's OpenMP it does
// not, and it would call each of them a race.
template <class Body>
void run_team(int n_threads, Body&& body) {
#if defined(GAUSSMIX_STD_THREADS)
  std::vector<std::thread> others;
  const auto run = [&](int thread) {
    const DefaultFloatingPoint mode;
    body(thread);
  };
  for (int thread = 1; thread < n_threads; ++thread) others.emplace_back(run, thread);
  run(0);
  for (std::thread& other : others) other.join();
#else
#pragma omp parallel num_threads(n_threads)
  {
    const DefaultFloatingPoint mode;
    body(omp_get_thread_num());
  }
#endif
}

// body(task, thread) for every task; thread < execution.threads_for(n_tasks). The first exception is rethrown, and
// Interrupted is thrown when poll asked to stop.
template <class Body>
void parallel_for(Index n_tasks, const Execution& execution, Body&& body) {
  const int n_threads = execution.threads_for(n_tasks);
  if (n_threads == 1) {
    for (Index task = 0; task < n_tasks; ++task) {
      if (execution.poll && execution.poll()) throw Interrupted();
      body(task, 0);
    }
    return;
  }
  std::atomic<Index> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::exception_ptr failure;
  run_team(n_threads, [&](int thread) {
    for (Index task = next++; task < n_tasks && !stop.load(std::memory_order_relaxed); task = next++) {
      try {  // an exception that leaves the team ends the process
        if (thread == 0 && execution.poll && execution.poll()) throw Interrupted();
        body(task, thread);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
        stop.store(true, std::memory_order_relaxed);
      }
    }
  });
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gaussmix
