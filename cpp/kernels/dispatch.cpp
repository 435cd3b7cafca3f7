#include "kernels/dispatch.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gaussmix::kernels {

extern const Level level_generic;
extern const Level level_v2;
extern const Level level_v3;
extern const Level level_v4;

namespace {

#if defined(__x86_64__)
// Own CPUID reading: __builtin_cpu_supports knows the level names only in newer compilers.
int x86_level() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 1;
  const auto has = [](unsigned bits, unsigned mask) { return (bits & mask) == mask; };
  constexpr unsigned sse3 = 1u << 0, ssse3 = 1u << 9, cx16 = 1u << 13, sse41 = 1u << 19, sse42 = 1u << 20,
                     popcnt = 1u << 23, fma = 1u << 12, movbe = 1u << 22, osxsave = 1u << 27, avx = 1u << 28,
                     f16c = 1u << 29;
  if (!has(c, sse3 | ssse3 | cx16 | sse41 | sse42 | popcnt)) return 1;
  if (!has(c, fma | movbe | osxsave | avx | f16c)) return 2;
  unsigned state = 0, state_high = 0;
  __asm__("xgetbv" : "=a"(state), "=d"(state_high) : "c"(0));
  unsigned b7 = 0, c7 = 0, d7 = 0;
  if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7)) return 2;
  constexpr unsigned bmi1 = 1u << 3, avx2 = 1u << 5, bmi2 = 1u << 8;
  constexpr unsigned ymm_state = 0x6, zmm_state = 0xe6;  // the operating system saves these registers
  if (!has(b7, bmi1 | avx2 | bmi2) || !has(state, ymm_state)) return 2;
  constexpr unsigned f = 1u << 16, dq = 1u << 17, cd = 1u << 28, bw = 1u << 30, vl = 1u << 31;
  if (!has(b7, f | dq | cd | bw | vl) || !has(state, zmm_state)) return 3;
  return 4;
}
#endif

struct Candidate {
  std::string_view name;
  const Level* level;  // null when not built
};

// Strongest first.
constexpr Candidate kCandidates[] = {
#if defined(GAUSSMIX_HAS_v4)
    {"v4", &level_v4},
#else
    {"v4", nullptr},
#endif
#if defined(GAUSSMIX_HAS_v3)
    {"v3", &level_v3},
#else
    {"v3", nullptr},
#endif
#if defined(GAUSSMIX_HAS_v2)
    {"v2", &level_v2},
#else
    {"v2", nullptr},
#endif
#if defined(GAUSSMIX_HAS_generic)
    {"generic", &level_generic},
#else
    {"generic", nullptr},
#endif
};

bool processor_has(std::string_view name) {
#if defined(__x86_64__)
  static const int level = x86_level();
  return (name == "v2" && level >= 2) || (name == "v3" && level >= 3) || (name == "v4" && level >= 4) ||
         name == "generic";
#else
  return name == "generic";
#endif
}

const Level* best_level() {
  for (const Candidate& candidate : kCandidates)
    if (candidate.level != nullptr && processor_has(candidate.name)) return candidate.level;
  for (const Candidate& candidate : kCandidates)  // below the baseline: NumPy's own wheels do not start there either
    if (candidate.level != nullptr) return candidate.level;
  return nullptr;
}

const Level* selected = best_level();

}  // namespace

const Level& active_level() { return *selected; }

Selection select_level(std::string_view name) {
  if (name.empty()) {
    selected = best_level();
    return Selection::ok;
  }
  for (const Candidate& candidate : kCandidates) {
    if (candidate.name != name) continue;
    if (candidate.level == nullptr) return Selection::not_built;
    if (!processor_has(name)) return Selection::not_supported;
    selected = candidate.level;
    return Selection::ok;
  }
  return Selection::unknown_name;
}

}  // namespace gaussmix::kernels
