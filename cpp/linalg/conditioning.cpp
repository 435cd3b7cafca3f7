#include "linalg/conditioning.hpp"

namespace gaussmix {

double inverse_correlation_trace(const ConstMatrixMap& lower, const ConstMatrixMap& inverse_lower) {
  double trace = 0;
  for (Eigen::Index j = 0; j < lower.rows(); ++j)
    trace += lower.row(j).head(j + 1).squaredNorm() * inverse_lower.col(j).tail(lower.rows() - j).squaredNorm();
  return trace;
}

}  // namespace gaussmix
