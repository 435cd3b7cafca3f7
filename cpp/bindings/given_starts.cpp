#include "bindings/given_starts.hpp"

#include "covariance/array_form.hpp"

namespace gaussmix::bindings {

std::vector<GivenStart> given_starts(const Structure& structure, Index n_tasks, Index n_components, Index n_features,
                                     const OptionalArray& weights, const OptionalArray& means,
                                     const OptionalArray& covariances) {
  if (!weights && !means && !covariances) return {};
  if (!weights || !means || !covariances) throw InvalidArgument("a start needs weights, means and covariances");
  require_sizes(n_components, n_features);
  const Index n_starts = weights->ndim() > 0 ? weights->shape(0) : 0;
  if (n_starts != n_tasks && n_starts != 1) throw InvalidArgument("there must be one start, or one for each data set");
  const Index size = array_size(structure, n_components, n_features);
  require_size(*weights, n_starts * n_components, "weights_init");
  require_size(*means, n_starts * n_components * n_features, "means_init");
  require_size(*covariances, n_starts * size, "covariances_init");
  std::vector<GivenStart> starts(static_cast<std::size_t>(n_starts));
  for (Index i = 0; i < n_starts; ++i) {
    GivenStart& start = starts[static_cast<std::size_t>(i)];
    start.weights = ConstVectorMap(weights->data() + i * n_components, n_components);
    start.means = ConstMatrixMap(means->data() + i * n_components * n_features, n_components, n_features);
    start.covariances = to_covariances(covariances->data() + i * size, structure, n_components, n_features);
  }
  return starts;
}

}  // namespace gaussmix::bindings
