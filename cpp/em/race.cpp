#include "em/race.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "em/em.hpp"

namespace gaussmix {

namespace {

constexpr Index kFirstHalt = 3;
// Early in a fit the gains of EM are no geometric series yet: a ratio nearer to 1 promises too much.
constexpr double kLargestRatio = 0.9;

// Log-likelihood that a start is heading for, by Aitken's extrapolation.
double promise(const StartOutcome& start) {
  const std::vector<double>& trace = start.trace;
  if (start.status == Status::degenerate) return -std::numeric_limits<double>::infinity();
  if (start.status != Status::raced_out || trace.size() < 3) return start.objective();
  const double last = trace.back(), gain = last - trace[trace.size() - 2];
  const double earlier = trace[trace.size() - 2] - trace[trace.size() - 3];
  if (!(gain > 0 && earlier > 0)) return last;
  const double ratio = std::min(gain / earlier, kLargestRatio);
  return last + gain * ratio / (1 - ratio);
}

void give_up(StartOutcome& start, double its_promise, Index ahead, double promise_ahead) {
  char message[192];
  std::snprintf(message, sizeof message,
                "given up after %lld passes: it was heading for a log-likelihood of %.10g, start %lld for %.10g",
                static_cast<long long>(start.n_iter), its_promise, static_cast<long long>(ahead + 1), promise_ahead);
  start.message = message;
}

class Race {
 public:
  Race(std::vector<StartOutcome>& starts, double unit, const RunStart& run) : starts_(starts), unit_(unit), run_(run) {}

  // False when the fit has to end.
  bool narrow() {
    std::vector<Index> field(starts_.size() - 1);
    std::iota(field.begin(), field.end(), Index{1});
    for (Index halt = kFirstHalt; field.size() > 1; halt *= 2) {
      for (const Index number : field)
        if (!run_(number, halt)) return false;
      std::stable_sort(field.begin(), field.end(),
                       [&](Index a, Index b) { return promise(start(a)) > promise(start(b)); });
      const std::size_t kept = field.size() / 2;
      for (std::size_t i = kept; i < field.size(); ++i)
        if (start(field[i]).status == Status::raced_out)
          give_up(start(field[i]), unit_ * promise(start(field[i])), field[kept - 1],
                  unit_ * promise(start(field[kept - 1])));
      field.resize(kept);
    }
    return run_(field.front(), kNoHalt);
  }

  // The start that is furthest of those given up, if it is ahead of all that are done.
  bool run_any_ahead() {
    for (;;) {
      Index ahead = -1;
      double best = -std::numeric_limits<double>::infinity();
      for (const StartOutcome& one : starts_)
        if (one.status != Status::raced_out && one.status != Status::degenerate) best = std::max(best, one.objective());
      for (std::size_t i = 1; i < starts_.size(); ++i)
        if (starts_[i].status == Status::raced_out && starts_[i].objective() > best) {
          ahead = static_cast<Index>(i);
          best = starts_[i].objective();
        }
      if (ahead < 0) return true;
      start(ahead).message.clear();
      if (!run_(ahead, kNoHalt)) return false;
    }
  }

 private:
  StartOutcome& start(Index number) { return starts_[static_cast<std::size_t>(number)]; }

  std::vector<StartOutcome>& starts_;
  double unit_;
  const RunStart& run_;
};

}  // namespace

bool race(std::vector<StartOutcome>& starts, double unit, const RunStart& run) {
  Race race(starts, unit, run);
  return race.narrow() && race.run_any_ahead();
}

}  // namespace gaussmix
