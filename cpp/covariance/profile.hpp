// Variances along given directions: what is left of an M-step once the eigenvectors are known.
#pragma once

#include "base/workspace.hpp"
#include "covariance/structure.hpp"

namespace gaussmix {

enum class Across { equal, variable };  // the components

// variance_kj = volume_k shape_kj, shapes of geometric mean one.
struct Profile {
  Across volume;
  Across shape;
};

Index n_profile_parameters(const Profile& profile, Index n_components, Index n_features);

// The variances, at least `bound.least` each, that minimise sum_k (n_k sum_j log v_kj + sum_j w_kj / v_kj), from the scatters w along
// the directions (K x D) and the weights n. With Begin::given `variances` holds those to start from, of this profile.
// Variable volumes of an equal shape and that shape are in turn best for one another (Celeux & Govaert 1995, section 4.2); with
// variances at the bound that is a descent, and need not reach the least value of all. Equal volumes of variable shapes have a
// bound on the largest variance over the least of a component, too, without which one of lower rank would be infinitely long.
enum class Begin { anywhere, given };
void maximise_profile(const Profile& profile, const MatrixView& scatter, const VectorView& weight,
                      const EigenvalueBound& bound, Begin begin, Workspace& workspace, MatrixMap variances);

// Half of what is minimised, with the opposite sign.
double profile_objective(const MatrixView& scatter, const VectorView& weight, const MatrixView& variances);

// Notes the components that have variances at a bound.
void note_lifted(const Profile& profile, const MatrixView& scatter, const VectorView& weight,
                 const EigenvalueBound& bound, const MatrixView& variances, std::vector<Lifted>& lifted);

}  // namespace gaussmix
