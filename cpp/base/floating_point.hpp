// The floating-point mode of the engine: rounding to nearest, subnormal numbers kept, no traps.
#pragma once

#include <cfenv>

namespace gaussmix {

// Holds for the thread and the life of the object; then the thread's own mode is back, its exception flags as they were.
// Some libraries set their threads to flush subnormal numbers, and threads inherit the mode of whoever started them: without this the same call could give other bits on another thread.
class DefaultFloatingPoint {
 public:
  DefaultFloatingPoint() {
    std::fegetenv(&before_);
    std::fesetenv(FE_DFL_ENV);
  }
  ~DefaultFloatingPoint() { std::fesetenv(&before_); }
  DefaultFloatingPoint(const DefaultFloatingPoint&) = delete;
  DefaultFloatingPoint& operator=(const DefaultFloatingPoint&) = delete;

 private:
  std::fenv_t before_;
};

}  // namespace gaussmix
