#include "em/admissible.hpp"

#include <cmath>

namespace gaussmix {

namespace {

constexpr double kLargestLogDeterminantChange = 2;  // of one component in one jump: keeps to this basin

}  // namespace

Admissible::Admissible(const Regularisation& regularisation, const Execution& execution, Index n_components)
    : quiet_(regularisation.quiet()), execution_(execution), not_counted_(n_components) {
  if (quiet_.ridge) quiet_.ridge = 0.0;  // it belongs to M-steps
}

bool Admissible::make(Mixture& mixture, const Mixture& plain) {
  const double change = (mixture.factors.log_determinants - plain.factors.log_determinants).cwiseAbs().maxCoeff();
  if (!(change <= kLargestLogDeterminantChange)) return false;
  if (!mixture.structure->extrapolates())
    project(mixture, plain);
  else if (quiet_.ridge && !quiet_.max_ratio)
    return true;
  not_counted_.begin(0);
  regularise(mixture.covariances, quiet_, mixture.weights, execution_, workspace_, not_counted_, mixture.factors);
  mixture.repaired = not_counted_.happened();
  return true;
}

// The likeliest covariances of the structure for scatters that those of the extrapolation would have.
void Admissible::project(Mixture& mixture, const Mixture& plain) {
  constexpr double kLeast = 1e-30;
  const Index n_components = mixture.n_components(), n_features = mixture.n_features();
  reshape(scatter_, mixture.structure->need(), n_components, n_features);
  scatter_.weight = mixture.weights.cwiseMax(kLeast);
  scatter_.mean = mixture.means;
  const Index size = static_cast<Index>(scatter_.scatter.size()) / n_components;
  MatrixMap(scatter_.scatter.data(), n_components, size) =
      scatter_.weight.asDiagonal() * ConstMatrixMap(mixture.covariances.values.data(), n_components, size);
  const EigenvalueBound bound = quiet_.bound();
  mixture.structure->maximise(scatter_, &plain.covariances, bound, workspace_, mixture.covariances);
}

}  // namespace gaussmix
