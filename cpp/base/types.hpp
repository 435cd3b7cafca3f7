// The one vocabulary of numeric types.
#pragma once

#include <cstdint>
#include <vector>

#include <Eigen/Core>

namespace gaussmix {

using Index = std::int64_t;
using Counts = std::vector<std::int64_t>;

// Row-major like the arrays that come from and go to Python.
using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Vector = Eigen::VectorXd;
using MatrixMap = Eigen::Map<Matrix>;
using ConstMatrixMap = Eigen::Map<const Matrix>;
using VectorMap = Eigen::Map<Vector>;
using ConstVectorMap = Eigen::Map<const Vector>;
// Of a matrix whose columns are what it is made of: eigenvectors.
using ColumnMap = Eigen::Map<Eigen::MatrixXd>;

// What a function reads, whoever owns it. A matrix in the other order would be copied.
using MatrixView = Eigen::Ref<const Matrix>;
using VectorView = Eigen::Ref<const Vector>;
using ColumnView = Eigen::Ref<const Eigen::MatrixXd>;

}  // namespace gaussmix
