#include "em/fit_many.hpp"

#include <numeric>

#include "base/errors.hpp"
#include "base/parallel_tasks.hpp"

namespace gaussmix {

namespace {

TaskOutcome run(const FitTask& task, Settings settings, const Execution& execution) {
  settings.seed = task.seed;
  if (task.start != nullptr) settings.given = *task.start;
  TaskOutcome result;
  try {
    result.outcome = fit(task.data, settings, execution);
    for (const StartOutcome& start : result.outcome.starts)
      if (start.status == Status::interrupted) throw Interrupted();
    result.ending = Ending::fitted;
  } catch (const Degenerate& error) {
    result.ending = Ending::degenerate;
    result.message = error.what();
  } catch (const InvalidArgument& error) {
    result.ending = Ending::failed;
    result.message = error.what();
  }
  return result;
}

// Long tasks first: a long one that begins last leaves the other threads idle.
std::vector<std::size_t> by_falling_size(const std::vector<FitTask>& tasks) {
  std::vector<std::size_t> order(tasks.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto size = [&](std::size_t i) { return tasks[i].data.n_rows * tasks[i].data.n_features; };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return size(a) > size(b); });
  return order;
}

}  // namespace

std::vector<TaskOutcome> fit_many(const std::vector<FitTask>& tasks, const Settings& settings,
                                  const Execution& execution) {
  std::vector<TaskOutcome> outcomes(tasks.size());
  const std::vector<std::size_t> order = by_falling_size(tasks);
  TaskQueue(static_cast<Index>(tasks.size()), execution).run([&](Index place, const Execution& own) {
    const std::size_t i = order[static_cast<std::size_t>(place)];
    outcomes[i] = run(tasks[i], settings, own);
  });
  return outcomes;
}

}  // namespace gaussmix
