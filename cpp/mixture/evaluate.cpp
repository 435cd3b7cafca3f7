#include "mixture/evaluate.hpp"

namespace gaussmix {

void evaluate(const Data& data, const KernelParameters& parameters, const kernels::Outputs& outputs,
              const Execution& execution) {
  kernels::Task task;
  task.density = parameters.density();
  task.rows = data.rows();
  task.rows.weights = nullptr;  // responsibilities are shares, whatever a row weighs
  task.outputs = outputs;
  task.accumulate = false;
  Pass(execution).run(task, data.n_rows);
}

}  // namespace gaussmix
