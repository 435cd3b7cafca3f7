#include "mixture/sample.hpp"

#include <algorithm>
#include <tuple>

#include "base/random.hpp"

namespace gaussmix {

namespace {

constexpr Index kChunkRows = 4096;

Vector cumulative(const Vector& weights) {
  Vector sum(weights.size());
  double total = 0;
  for (Eigen::Index k = 0; k < weights.size(); ++k) sum[k] = total += weights[k];
  return sum / total;
}

// mean + L z, with L from the factors; 1 / sd for diag and spherical. Factor analysers: mean + [Lambda, Psi^1/2] z.
void transform(const Mixture& mixture, Index k, const Eigen::Ref<const Vector>& z, double* out) {
  const Index n_features = mixture.n_features();
  const Factors& factors = mixture.factors;
  VectorMap x(out, n_features);
  switch (factors.shape) {
    case CovarianceShape::full: x = factors.lower_matrix(k).triangularView<Eigen::Lower>() * z; break;
    case CovarianceShape::tied: x = factors.lower_matrix(0).triangularView<Eigen::Lower>() * z; break;
    case CovarianceShape::diag:
      x = z.cwiseQuotient(ConstVectorMap(factors.inverse.data() + k * n_features, n_features));
      break;
    case CovarianceShape::spherical: x = z / factors.inverse[static_cast<std::size_t>(k)]; break;
    case CovarianceShape::factor: {
      const ConstMatrixMap table = mixture.covariances.loadings_and_noise(k);
      const Index n_factors = table.cols() - 1;
      x = z.tail(n_features).cwiseProduct(table.col(n_factors).cwiseSqrt());
      x += table.leftCols(n_factors) * z.head(n_factors);
      break;
    }
  }
  x += mixture.means.row(k).transpose();
}

}  // namespace

void sample(const Mixture& mixture, Index n, std::uint64_t seed, const Execution& execution, double* x,
            std::int64_t* labels) {
  const Index n_features = mixture.n_features();
  const Vector cumulated = cumulative(mixture.weights);
  const Random component(seed, kSamplingStreams);
  const Random noise(seed, kSamplingStreams + 1);
  const Index n_normals = n_features + mixture.covariances.n_factors;
  const Index pairs = (n_normals + 1) / 2;
  parallel_for((n + kChunkRows - 1) / kChunkRows, execution, [&](Index chunk, int) {
    Vector z(2 * pairs);
    for (Index i = chunk * kChunkRows; i < std::min(n, (chunk + 1) * kChunkRows); ++i) {
      const double u = component.uniform(static_cast<std::uint64_t>(i));
      // The first component whose cumulated weight exceeds u: one of weight zero is never drawn.
      const double* found = std::upper_bound(cumulated.data(), cumulated.data() + cumulated.size(), u);
      const Index k = std::min<Index>(found - cumulated.data(), mixture.n_components() - 1);
      for (Index p = 0; p < pairs; ++p)
        std::tie(z[2 * p], z[2 * p + 1]) = noise.normals(static_cast<std::uint64_t>(i * pairs + p));
      labels[i] = k;
      transform(mixture, k, z.head(n_normals), x + i * n_features);
    }
  });
}

}  // namespace gaussmix
