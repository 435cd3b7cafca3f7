#include "em/hierarchy.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <Eigen/Eigenvalues>

namespace gaussmix {

namespace {

constexpr Index kMostRows = 2000;
constexpr Index kFewestRows = 500;
constexpr double kMostFlops = 1e10;    // of determinants, if a merge took those of all pairs that it changes
constexpr double kLight = 1e-9;        // of the weight of a row: such rows must not delay merges of others
constexpr double kFlatColumn = 1e-14;  // of the variance in the data: rounding, or next to it
constexpr double kFlatAxis = 1e-10;    // of the largest variance: columns that depend on each other

struct Points {
  Matrix rows;
  Vector weights;
};

// Distinct rows in lexicographic order, so that neither the order of rows nor their repetition matters.
Points distinct_rows(const Sample& sample, std::vector<Index>& point) {
  const Matrix& rows = sample.rows;
  const auto before = [&](Index a, Index b) {
    const double *left = rows.row(a).data(), *right = rows.row(b).data();
    return std::lexicographical_compare(left, left + rows.cols(), right, right + rows.cols());
  };
  std::vector<Index> order(static_cast<std::size_t>(rows.rows()));
  std::iota(order.begin(), order.end(), Index{0});
  std::stable_sort(order.begin(), order.end(), before);
  point.resize(order.size());
  Points points{Matrix(rows.rows(), rows.cols()), Vector::Zero(rows.rows())};
  Index n = 0;
  for (std::size_t at = 0; at < order.size(); ++at) {
    if (at == 0 || before(order[at - 1], order[at])) points.rows.row(n++) = rows.row(order[at]);
    points.weights[n - 1] += sample.weights[order[at]];
    point[static_cast<std::size_t>(order[at])] = n - 1;
  }
  points.rows.conservativeResize(n, Eigen::NoChange);
  points.weights.conservativeResize(n);
  return points;
}

// Scaled singular vectors of the standardised columns (Scrucca & Raftery 2015, "Improved initialisation of model-based
// clustering using Gaussian hierarchical partitions"): principal components whose variances are the square roots of their
// eigenvalues, half way between standardised and whitened ones. Their mean variance is 1. Constant columns, and directions
// in which columns depend on each other, are left out.
Matrix scaled_components(const Points& points) {
  const double total = points.weights.sum();
  const Eigen::RowVectorXd mean = points.weights.transpose() * points.rows / total;
  Matrix centred = points.rows.rowwise() - mean;
  const Vector variance = (points.weights.transpose() * centred.cwiseAbs2()).transpose() / total;
  centred *= (variance.array() > kFlatColumn).select(variance.array().rsqrt(), 0.0).matrix().asDiagonal();
  const Eigen::MatrixXd correlation = centred.transpose() * points.weights.asDiagonal() * centred / total;
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(correlation);
  const Vector& values = solver.eigenvalues();  // rising
  const Index n_columns = values.size();
  const Index n_flat = (values.array() <= kFlatAxis * std::max(values[n_columns - 1], kFlatColumn)).count();
  const Index n_axes = n_columns - n_flat;
  if (n_axes == 0) return Matrix::Zero(points.rows.rows(), 1);
  const Vector roots = values.tail(n_axes).cwiseSqrt();
  const Vector scale = (roots * roots.mean()).cwiseSqrt().cwiseInverse();
  return centred * solver.eigenvectors().rightCols(n_axes) * scale.asDiagonal();
}

Index nearest(const Matrix& rows, const std::vector<Index>& among, Index i) {
  return *std::min_element(among.begin(), among.end(), [&](Index a, Index b) {
    return (rows.row(a) - rows.row(i)).squaredNorm() < (rows.row(b) - rows.row(i)).squaredNorm();
  });
}

// Points of next to no weight go to the nearest other one first of all, the lightest ones before others.
MergeTree merge_tree(const Points& points, const Execution& execution) {
  const Vector& weights = points.weights;
  const double light = kLight * weights.squaredNorm() / weights.sum();
  std::vector<Index> heavy, rest;
  for (Index i = 0; i < weights.size(); ++i) (weights[i] > light ? heavy : rest).push_back(i);
  std::stable_sort(rest.begin(), rest.end(), [&](Index a, Index b) { return weights[a] < weights[b]; });
  MergeTree tree{weights.size(), {}};
  for (const Index i : rest) tree.merges.emplace_back(nearest(points.rows, heavy, i), i);
  const Points own{points.rows(heavy, Eigen::all), weights(heavy)};
  for (const auto& [i, j] : agglomerate(scaled_components(own), own.weights, execution).merges)
    tree.merges.emplace_back(heavy[static_cast<std::size_t>(i)], heavy[static_cast<std::size_t>(j)]);
  return tree;
}

}  // namespace

Index hierarchy_size(Index n_rows, Index n_components, Index n_features) {
  const auto width = static_cast<double>(n_features);
  const auto affordable = static_cast<Index>(std::sqrt(kMostFlops / (width * width * width / 6 + width * width)));
  return std::min(n_rows, std::max(std::clamp(affordable, kFewestRows, kMostRows), 2 * n_components));
}

Hierarchy::Hierarchy(const Sample& sample, const Execution& execution) {
  tree_ = merge_tree(distinct_rows(sample, point_), execution);
}

std::vector<Index> Hierarchy::labels(Index n_clusters) const {
  const std::vector<Index> of_points = tree_.labels(n_clusters);
  std::vector<Index> labels(point_.size());
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = of_points[static_cast<std::size_t>(point_[i])];
  return labels;
}

double hierarchy_memory(Index n_rows, Index n_columns) {
  const auto n = static_cast<double>(n_rows), width = static_cast<double>(n_columns);
  return agglomeration_memory(n_rows, n_columns) + n * (4 * width + 6) + 4 * width * width;
}

}  // namespace gaussmix
