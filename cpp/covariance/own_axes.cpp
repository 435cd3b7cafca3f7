#include <vector>

#include "covariance/catalogue.hpp"
#include "covariance/profile.hpp"
#include "covariance/spectral_form.hpp"
#include "linalg/spectral.hpp"

namespace gaussmix {

namespace {

// EEV, VEV, EVV: eigenvectors of each scatter, and variances volume_k shape_kj along them (Celeux & Govaert 1995, models
// [lambda D_k A D_k^T], [lambda_k D_k A D_k^T], [lambda C_k]). The largest variance goes with the largest eigenvalue.
class OwnAxes final : public Structure {
 public:
  OwnAxes(std::string_view code, Profile profile) : code_(code), profile_(profile) {}
  std::string_view name() const override { return code_; }
  std::string_view code() const override { return code_; }
  CovarianceShape shape() const override { return CovarianceShape::full; }
  ScatterKind need() const override { return ScatterKind::full; }
  bool one_unit() const override { return profile_.shape == Across::equal; }
  Index n_covariance_parameters(Index n_components, Index n_features) const override {
    return n_profile_parameters(profile_, n_components, n_features) + n_components * n_features * (n_features - 1) / 2;
  }
  void maximise(const SufficientStatistics& statistics, const Covariances* previous, const EigenvalueBound& bound,
                Covariances& covariances) const override {
    const Index n_components = statistics.n_components(), n_features = statistics.n_features();
    reshape(covariances, shape(), n_components, n_features);
    const Vector inverse = bound.scale.each.cwiseInverse();
    std::vector<Eigen::MatrixXd> scaled;
    std::vector<Spectrum> spectra;
    spectra.reserve(static_cast<std::size_t>(n_components));  // growing would copy them
    Matrix scatter(n_components, n_features), variances;
    for (Index k = 0; k < n_components; ++k) {
      scaled.push_back(inverse.asDiagonal() * statistics.full(k) * inverse.asDiagonal());
      spectra.push_back(spectrum_of(scaled.back()));
      scatter.row(k) = spectra.back().eigenvalues.cwiseMax(0.0).transpose();
    }
    // VEV takes the shape that there was, so that rounds which end before the best one is found lead no further from it.
    if (previous != nullptr && profile_.shape == Across::equal && profile_.volume == Across::variable)
      variances = spectrum_of(inverse.asDiagonal() * previous->matrix(0) * inverse.asDiagonal())
                      .eigenvalues.transpose()
                      .replicate(n_components, 1);
    maximise_profile(profile_, scatter, statistics.weight, bound.least, variances);
    note_lifted(profile_, scatter, statistics.weight, bound.least, variances, covariances.lifted);
    for (Index k = 0; k < n_components; ++k) {
      const auto place = static_cast<std::size_t>(k);
      const Vector own = variances.row(k).transpose();
      set_spectral(covariances, k, bound.scale.each, spectra[place].axes, own);
      note_lost(covariances, scaled[place], statistics.weight[k], spectra[place].axes, own, bound.least);
    }
  }

 private:
  std::string_view code_;
  Profile profile_;
};

}  // namespace

std::span<const Structure* const> own_axes_structures() {
  static const OwnAxes eev("EEV", {Across::equal, Across::equal}), vev("VEV", {Across::variable, Across::equal}),
      evv("EVV", {Across::equal, Across::variable});
  static const Structure* const all[] = {&eev, &vev, &evv};
  return all;
}

}  // namespace gaussmix
