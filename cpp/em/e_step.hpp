// Data and mixture -> sufficient statistics, in one visit to the rows.
#pragma once

#include "em/own_metric.hpp"
#include "em/single_precision.hpp"
#include "em/sparsity.hpp"
#include "mixture/kernel_parameters.hpp"
#include "statistics/pass.hpp"

namespace gaussmix {

// What the kernels sum for statistics of this kind.
kernels::Scatter kernel_scatter(ScatterKind kind);

// Scatter of all rows about their mean: the same at every iteration, so a tied fit takes it once and keeps it.
struct TotalScatter {
  bool known = false;
  Matrix scatter;
};

struct Likelihood {
  double log_likelihood = 0;
  double certainty = 0;  // sum of w log max_k r_k: 0 when no row is in doubt
};

// Keeps what a visit to the rows works with: the second one of the same shape takes no memory from the heap when it is
// given statistics to overwrite.
class EStep {
 public:
  EStep(const Data& data, const WeightTotals& totals, Execution execution)
      : data_(data), totals_(totals), pass_(std::move(execution)) {}

  void operator()(const Mixture& mixture, ScatterKind kind, SufficientStatistics& statistics);
  SufficientStatistics operator()(const Mixture& mixture, ScatterKind kind) {
    SufficientStatistics statistics;
    (*this)(mixture, kind, statistics);
    return statistics;
  }
  Likelihood likelihood(const Mixture& mixture);

  // The passes that follow belong to one run of EM: what they learn of the rows spares work in the next ones. With
  // `roots_serve` M-steps take the roots of scatters, which sums in the components' own metric are made for.
  void begin_run(bool roots_serve) {
    sparsity_.restart();
    in_run_ = true;
    roots_serve_ = roots_serve;
    single_precision_.begin(data_, totals_);
  }

  // Passes of a start, which comes next, know nothing of it.
  void end_run() {
    in_run_ = roots_serve_ = false;
    single_precision_.end();
  }

  // Passes of a run may compute in single precision, until told otherwise; `likelihood` never does.
  bool single_precision() const { return single_precision_.on(); }
  void end_single_precision() { single_precision_.end(); }

  // All of each row to its nearest centre; the log-likelihood of the result is minus half the scaled inertia.
  // Sums of kind factor take any projections, as KernelParameters holds them.
  SufficientStatistics nearest_centre(const Matrix& centres, const Vector& scale, ScatterKind kind,
                                      const Matrix& projections = {});
  // Shares given as an n x K array, sums taken about `centres`.
  SufficientStatistics given(const double* responsibilities, const Matrix& centres, ScatterKind kind,
                             const Matrix& projections = {});

  // Of the log-density of a row in the last pass of a run, about, in double precision.
  double rounding() const { return parameters_.features.rounding(); }

  const Data& data() const { return data_; }
  const WeightTotals& totals() const { return totals_; }
  const Execution& execution() const { return pass_.execution(); }

 private:
  void run(const KernelParameters& parameters, kernels::Source source, const Matrix& centres, ScatterKind kind,
           const double* responsibilities, SufficientStatistics& statistics, const kernels::Sparse& sparse = {},
           bool single_precision = false);
  const double* run_pass(kernels::Task& task, bool single_precision);
  bool run_whitened(const Mixture& mixture, SufficientStatistics& statistics);
  void run_in_own_metric(const Mixture& mixture, ScatterKind kind, SufficientStatistics& statistics);
  void finish_component(const double* sums, const kernels::Layout& layout, Index k, const Matrix& centres,
                        const KernelParameters& parameters, SufficientStatistics& statistics);
  void take_total_scatter(const Mixture& mixture, const double* packed, const Vector& whitened_mean);
  double total_to_within(const Mixture& mixture);
  kernels::Task task(const kernels::Density& density, kernels::Source source) const;
  void prepare(SufficientStatistics& statistics, ScatterKind kind, Index n_components, Index n_projections = 0) const;

  Data data_;
  WeightTotals totals_;
  Pass pass_;
  TotalScatter total_scatter_;
  KernelParameters parameters_;
  OwnMetric own_metric_;
  Sparsity sparsity_;
  bool in_run_ = false;
  bool roots_serve_ = false;
  SinglePrecision single_precision_;
  Vector shift_;        // scratch
  Vector overall_;      // scratch
  Matrix scatter_;      // scratch
  Matrix from_centre_;  // scratch
};

}  // namespace gaussmix
