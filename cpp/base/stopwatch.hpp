// Wall-clock time.
#pragma once

#include <chrono>
#include <optional>

namespace gaussmix {

// Runs from when it is made.
class Stopwatch {
 public:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
};

// So many seconds from when it is made; empty: for ever. Seconds stay a double, for a point in time could overflow.
class TimeLimit {
 public:
  explicit TimeLimit(std::optional<double> seconds) : seconds_(seconds) {}

  bool passed() const { return seconds_ && stopwatch_.seconds() >= *seconds_; }

 private:
  std::optional<double> seconds_;
  Stopwatch stopwatch_;
};

}  // namespace gaussmix
