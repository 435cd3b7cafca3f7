// Variances along given directions: what is left of an M-step once the eigenvectors are known.
#pragma once

#include "covariance/covariances.hpp"

namespace gaussmix {

enum class Across { equal, variable };  // the components

// variance_kj = volume_k shape_kj, shapes of geometric mean one.
struct Profile {
  Across volume;
  Across shape;
};

Index n_profile_parameters(const Profile& profile, Index n_components, Index n_features);

// The variances, at least `least` each, that minimise sum_k (n_k sum_j log v_kj + sum_j w_kj / v_kj), from the scatters w along
// the directions (K x D) and the weights n. On entry `variances` holds those to start from, of this profile, or has no rows.
// Variable volumes of an equal shape and that shape are in turn best for one another (Celeux & Govaert 1995, section 4.2); with
// variances at the bound that is a descent, and need not reach the least value of all.
void maximise_profile(const Profile& profile, const Matrix& scatter, const Vector& weight, double least,
                      Matrix& variances);

// Half of what is minimised, with the opposite sign.
double profile_objective(const Matrix& scatter, const Vector& weight, const Matrix& variances);

// Notes the components that have variances at the bound.
void note_lifted(const Profile& profile, const Matrix& scatter, const Vector& weight, double least,
                 const Matrix& variances, std::vector<Lifted>& lifted);

}  // namespace gaussmix
