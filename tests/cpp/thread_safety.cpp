// Every way in which the engine's threads meet, for ThreadSanitizer to watch: many threads in one call, calls side by side on
// shared data, exceptions and interrupts in the midst of a team. The answers are held against those of one thread, to the bit.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "em/fit.hpp"
#include "em/fit_many.hpp"
#include "mixture/evaluate.hpp"
#include "mixture/kernel_parameters.hpp"
#include "mixture/sample.hpp"

using namespace gaussmix;

namespace {

constexpr Index kRows = 20000, kFeatures = 3, kComponents = 9;  // enough for several leaves, and for sparse visits
constexpr int kCallers = 4;

int failures = 0;

void expect(bool right, const std::string& what) {
  if (right) return;
  ++failures;
  std::fprintf(stderr, "FAILED: %s\n", what.c_str());
}

template <class Real>
std::vector<Real> make_rows() {
  const Random random(1, 2);
  std::vector<Real> rows(kRows * kFeatures);
  for (Index i = 0; i < kRows; ++i)
    for (Index d = 0; d < kFeatures; ++d) {
      const Index at = i * kFeatures + d;
      const double centre =
          12 * Random(7, static_cast<std::uint64_t>(i % kComponents)).uniform(static_cast<std::uint64_t>(d));
      rows[static_cast<std::size_t>(at)] =
          static_cast<Real>(centre + random.normals(static_cast<std::uint64_t>(at)).first);
    }
  return rows;
}

Settings settings_of(const Structure& structure, Start start) {
  Settings settings;
  settings.structure = &structure;
  settings.n_components = kComponents;
  settings.start = start;
  settings.n_init = 3;
  settings.max_iter = 12;
  return settings;
}

Execution execution(int n_threads) {
  return {n_threads, [] { return false; }};
}

bool same(const Mixture& a, const Mixture& b) {
  return a.weights == b.weights && a.means == b.means && a.covariances.values == b.covariances.values;
}

// f() in several threads at once; what each of them returned.
template <class F>
auto at_once(F&& f) {
  std::vector<decltype(f())> results(kCallers);
  std::vector<std::thread> callers;
  for (int i = 0; i < kCallers; ++i) callers.emplace_back([&, i] { results[static_cast<std::size_t>(i)] = f(); });
  for (std::thread& caller : callers) caller.join();
  return results;
}

Mixture fitted(const Data& data, const Settings& settings, int n_threads) {
  const ThreadShare share(usable_threads(n_threads));
  const Outcome outcome = fit(data, settings, execution(share.n_threads()));
  return outcome.starts[static_cast<std::size_t>(outcome.best)].mixture;
}

void check_fit(const Data& data, const Settings& settings, const std::string& what) {
  const Mixture serial = fitted(data, settings, 1);
  expect(same(fitted(data, settings, 4), serial), "fit by four threads, " + what);
  for (const Mixture& one : at_once([&] { return fitted(data, settings, 2); }))
    expect(same(one, serial), "fits side by side, " + what);
}

void check_fits(const Data& data, const std::string& name) {
  for (const Structure* structure : structures())
    for (const Start start : {Start::kmeans, Start::random})
      check_fit(data, settings_of(*structure, start), name + ", " + std::string(structure->name()));
}

// A tenth of the rows are the same: a component that falls for them is seeded anew.
void check_regularised_fits(std::vector<double> rows) {
  std::fill(rows.begin(), rows.begin() + kRows / 10 * kFeatures, 1000.0);
  const Data data{rows.data(), false, nullptr, kRows, kFeatures};
  Settings settings = settings_of(structure("full"), Start::kmeans);
  settings.max_iter = 40;
  settings.tol = 1e-2;
  settings.on_degenerate = OnDegenerate::restart;
  check_fit(data, settings, "restarts");
  settings.prior.emplace();
  settings.max_eigenvalue_ratio = 1e3;
  check_fit(data, settings, "a prior and a bound on the ratio of eigenvalues");
}

void check_hierarchies(const Data& data) {
  Settings settings = settings_of(structure("full"), Start::hierarchical);
  settings.n_init = 1;
  check_fit(data, settings, "from a hierarchy");
}

void check_evaluations(const Data& data, const Mixture& mixture) {
  const KernelParameters shared = kernel_parameters(mixture);
  const auto values = [&](int n_threads) {
    std::vector<double> table(kRows * kComponents);
    kernels::Outputs outputs;
    outputs.responsibilities = table.data();
    evaluate(data, shared, outputs, execution(n_threads));
    return table;
  };
  const std::vector<double> serial = values(1);
  for (const auto& one : at_once([&] { return values(3); })) expect(one == serial, "evaluations side by side");
}

void check_samples(const Mixture& mixture) {
  const auto draw = [&](int n_threads) {
    std::vector<double> x(kRows * kFeatures);
    std::vector<std::int64_t> labels(kRows);
    sample(mixture, kRows, 5, execution(n_threads), x.data(), labels.data());
    return x;
  };
  const std::vector<double> serial = draw(1);
  for (const auto& one : at_once([&] { return draw(3); })) expect(one == serial, "samples side by side");
}

void check_many_fits(const Data& data, const Settings& settings) {
  std::vector<FitTask> tasks;
  for (Index i = 0; i < 12; ++i) tasks.push_back({data.slice(i * 900, 500 + 100 * i), static_cast<std::uint64_t>(i)});
  const auto mixtures = [&](int n_threads) {
    std::vector<Mixture> all;
    for (const TaskOutcome& task : fit_many(tasks, settings, execution(n_threads)))
      all.push_back(task.outcome.starts[static_cast<std::size_t>(task.outcome.best)].mixture);
    return all;
  };
  const std::vector<Mixture> serial = mixtures(1);
  for (const auto& one : at_once([&] { return mixtures(3); }))
    expect(std::equal(one.begin(), one.end(), serial.begin(), serial.end(), same), "many fits side by side");
}

void check_ends() {
  for (const auto& caught : at_once([] {
         try {
           parallel_for(1000, execution(4), [](Index task, int) {
             if (task % 100 == 99) throw InvalidArgument(std::to_string(task));
           });
         } catch (const InvalidArgument& error) {
           return std::string(error.what());
         }
         return std::string();
       }))
    expect(!caught.empty(), "an exception in a team comes back");
  std::atomic<int> polls{0};
  const Execution stopping{4, [&] { return ++polls > 3; }};
  bool interrupted = false;
  try {
    // Tasks that take a while: of others the first thread, which asks, may get none.
    parallel_for(1000, stopping, [](Index, int) { std::this_thread::sleep_for(std::chrono::microseconds(100)); });
  } catch (const Interrupted&) {
    interrupted = true;
  }
  expect(interrupted, "a poll ends a team");
}

}  // namespace

int main() {
  const std::vector<double> rows = make_rows<double>();
  const std::vector<float> narrow = make_rows<float>();
  const Data data{rows.data(), false, nullptr, kRows, kFeatures};
  check_fits(data, "float64");
  check_fits({narrow.data(), true, nullptr, kRows, kFeatures}, "float32");
  check_regularised_fits(rows);
  check_hierarchies(data.slice(0, 600));
  const Settings settings = settings_of(structure("full"), Start::kmeans);
  const Mixture mixture = fitted(data, settings, 2);
  check_evaluations(data, mixture);
  check_samples(mixture);
  check_many_fits(data, settings);
  check_ends();
  if (failures == 0) std::puts("the same bits from any number of threads");
  return failures == 0 ? 0 : 1;
}
