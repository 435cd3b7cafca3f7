// Tasks that may each take long: every one runs on one thread and asks by itself, through its own Execution, whether to stop.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "base/parallel.hpp"

namespace gaussmix {

// Whoever is free takes the next task. The calling thread stays until all are done, and goes on polling when no task is
// left for it.
class TaskQueue {
 public:
  TaskQueue(Index n_tasks, const Execution& execution) : n_tasks_(n_tasks), execution_(execution) {}

  // body(task, execution) for every task. True when all were begun and none was asked to stop; the first exception other
  // than Interrupted is rethrown.
  template <class Body>
  bool run(Body&& body) {
    run_team(execution_.threads_for(n_tasks_), [&](int thread) {
      const bool caller = thread == 0;
      enter();
      const Execution own{1, [&, caller] { return caller ? poll() : stop_.load(std::memory_order_relaxed); }};
      for (Index task = next_++; task < n_tasks_ && !own.poll(); task = next_++) {
        try {
          body(task, own);
        } catch (const Interrupted&) {
          stop_ = true;
        } catch (...) {
          keep(std::current_exception());
        }
      }
      leave(caller);
    });
    if (failure_) std::rethrow_exception(failure_);
    return !stop_;
  }

 private:
  bool poll() {
    if (execution_.poll && execution_.poll()) stop_ = true;
    return stop_;
  }

  void keep(std::exception_ptr failure) {
    const std::lock_guard lock(mutex_);
    if (!failure_) failure_ = failure;
    stop_ = true;
  }

  void enter() {  // the team may be smaller than was asked for
    const std::lock_guard lock(mutex_);
    ++working_;
  }

  void leave(bool caller) {
    std::unique_lock lock(mutex_);
    --working_;
    if (!caller) return done_.notify_one();
    while (!done_.wait_for(lock, std::chrono::milliseconds(20), [&] { return working_ == 0; })) {
      lock.unlock();  // polling may wait for the interpreter
      poll();
      lock.lock();
    }
  }

  Index n_tasks_;
  const Execution& execution_;
  std::atomic<Index> next_{0};
  std::atomic<bool> stop_{false};
  std::mutex mutex_;  // of what follows
  std::condition_variable done_;
  int working_ = 0;
  std::exception_ptr failure_;
};

}  // namespace gaussmix
