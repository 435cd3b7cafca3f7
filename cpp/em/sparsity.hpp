// What a run of EM remembers of the rows between its passes, so that components that cannot matter to a row are left out.
// About K / 8 + 2 bytes per row; the rule and its proof are in kernels/sparse.hpp.
#pragma once

#include "mixture/mixture.hpp"

#include "kernels/interface.hpp"

namespace gaussmix {

class Sparsity {
 public:
  // Forgets everything: the next pass belongs to another run.
  void restart();
  // For the next pass, at `mixture`, over leaves of that many rows. Null where too little could be saved.
  kernels::Sparse next_pass(const Mixture& mixture, Index n_rows, Index leaf_rows);

  // Whether a run of such a fit may remember anything.
  static bool serves(CovarianceShape shape, Index n_components);
  // Bytes of what it remembers then.
  static double memory(Index n_components, Index n_features, Index n_rows, Index leaf_rows);

 private:
  void measure_movement(const Mixture& mixture);

  bool known_ = false;  // the bounds belong to previous_
  std::vector<kernels::LeafState> leaves_;
  std::vector<std::uint16_t> order_;
  std::vector<float> bounds_;
  std::vector<float> scale_;
  std::vector<float> shift_;
  Matrix previous_means_;
  std::vector<double> previous_inverse_;
  Vector difference_;  // scratch
  Vector image_;       // scratch
};

}  // namespace gaussmix
