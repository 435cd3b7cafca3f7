#include "em/agglomerate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace gaussmix {

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kLargest = std::numeric_limits<double>::max();
constexpr Index kRowsOfTask = 32;  // those of the first tasks have the most pairs

// What every pair asks for.
struct Cluster {
  double weight = 0;
  double square = 0;  // sum of squared weights
  double trace = 0;
  double determinant = 0;  // of the covariance, where the criterion has one
  double term = 0;         // of the criterion
  Index n_points = 1;
};

// What only the pairs ask for whose determinant is wanted.
struct Content {
  std::vector<Index> members;   // of a cluster without it: wide scatters of all small clusters would fill memory
  std::vector<double> scatter;  // of one with it: packed lower triangle
};

// What two clusters would be.
struct Union {
  double weight, square, trace,
      coefficient;  // scatter grows by coefficient times the square of the difference of the means
  Index n_points;

  double term(double determinant) const {
    return weight * std::log(std::min(determinant + (trace + square / weight) / weight, kLargest));
  }
};

// Determinant of a positive semi-definite packed lower triangle, which is used up; `column` is scratch. By elimination, whose
// inner loop runs along rows.
double determinant_of(std::vector<double>& lower, Index n, std::vector<double>& column) {
  column.resize(static_cast<std::size_t>(n));
  double product = 1;
  double* pivot_row = lower.data();
  for (Index p = 0; p < n; pivot_row += ++p) {
    const double pivot = pivot_row[p];
    if (!(pivot > 0)) return 0;
    product = std::min(product * pivot, kLargest);
    double* row = pivot_row + p + 1;
    for (Index a = p + 1; a < n; row += ++a) {
      column[static_cast<std::size_t>(a)] = row[p];
      const double factor = row[p] / pivot;
      const double* across = column.data();
      for (Index b = p + 1; b <= a; ++b) row[b] -= factor * across[b];
    }
  }
  return product;
}

// A determinant is computed only where a bound does not show that another pair is better: among wide or many points few are.
class Agglomeration {
 public:
  Agglomeration(const Matrix& points, const Vector& weights)
      : n_(points.rows()),
        width_(points.cols()),
        points_(points),
        weights_(weights),
        means_(points),
        clusters_(static_cast<std::size_t>(n_)),
        contents_(static_cast<std::size_t>(n_)),
        partner_(static_cast<std::size_t>(n_), -1),
        lowest_(Vector::Constant(n_, kInfinity)),
        costs_(static_cast<std::size_t>(n_ * (n_ - 1) / 2)),
        is_bound_(costs_.size(), false) {
    for (Index i = 0; i < n_; ++i) {
      left_.push_back(i);
      cluster(i).weight = weights[i];
      cluster(i).square = weights[i] * weights[i];
      content(i).members = {i};
    }
  }

  MergeTree run(const Execution& execution) {
    const auto poll = [&] {
      if (execution.poll && execution.poll()) throw Interrupted();
    };
    MergeTree tree{n_, {}};
    // Two points have no determinant, so this works with nothing that clusters share.
    parallel_for((n_ + kRowsOfTask - 1) / kRowsOfTask, execution, [&](Index task, int) {
      for (Index i = task * kRowsOfTask; i < std::min(n_, (task + 1) * kRowsOfTask); ++i) {
        for (Index j = i + 1; j < n_; ++j) bound_cost(i, j);
        find_partner(i);
      }
    });
    while (left_.size() > 1) {
      poll();
      const Index i =
          *std::min_element(left_.begin(), left_.end(), [&](Index a, Index b) { return lowest_[a] < lowest_[b]; });
      const Index j = partner(i);
      tree.merges.emplace_back(i, j);
      merge(i, j);
      refresh(i, j);
    }
    return tree;
  }

 private:
  Cluster& cluster(Index i) { return clusters_[static_cast<std::size_t>(i)]; }
  Content& content(Index i) { return contents_[static_cast<std::size_t>(i)]; }
  Index& partner(Index i) { return partner_[static_cast<std::size_t>(i)]; }

  // Of i < j: row by row, the pairs of a cluster with later ones.
  std::size_t pair(Index i, Index j) const { return static_cast<std::size_t>(i * (2 * n_ - i - 1) / 2 + j - i - 1); }

  Union union_of(Index i, Index j) {
    const Cluster &a = cluster(i), &b = cluster(j);
    const double weight = a.weight + b.weight, coefficient = a.weight / weight * b.weight;
    return {weight, a.square + b.square, a.trace + b.trace + coefficient * squared_distance(i, j), coefficient,
            a.n_points + b.n_points};
  }

  // Eigen's product prepares longer for the few columns of most data than they take.
  double squared_distance(Index i, Index j) const {
    const double *a = means_.data() + i * width_, *b = means_.data() + j * width_;
    double sum = 0;
    for (Index d = 0; d < width_; ++d) sum += (a[d] - b[d]) * (a[d] - b[d]);
    return sum;
  }

  // scale * (scatter of the union)
  void scatter_of(Index i, Index j, const Union& both, double scale, std::vector<double>& out) {
    out.resize(static_cast<std::size_t>(width_ * (width_ + 1) / 2));
    const double *a = means_.row(i).data(), *b = means_.row(j).data();
    double* value = out.data();
    for (Index d = 0; d < width_; ++d) {
      const double left = scale * both.coefficient * (a[d] - b[d]);
      for (Index e = 0; e <= d; ++e) *value++ = left * (a[e] - b[e]);
    }
    for (const Index part : {i, j}) add_scatter(part, scale, out);
  }

  void add_scatter(Index i, double scale, std::vector<double>& out) {
    const Content& part = content(i);
    for (std::size_t s = 0; s < part.scatter.size(); ++s) out[s] += scale * part.scatter[s];
    if (cluster(i).n_points == 1) return;
    for (const Index member : part.members) {
      difference_ = points_.row(member) - means_.row(i);
      double* value = out.data();
      for (Index d = 0; d < width_; ++d) {
        const double left = scale * weights_[member] * difference_[d];
        for (Index e = 0; e <= d; ++e) *value++ += left * difference_[e];
      }
    }
  }

  bool has_determinant(const Union& both) const { return width_ > 1 && both.n_points > width_; }

  double determinant(Index i, Index j, const Union& both) {
    if (!has_determinant(both)) return 0;
    scatter_of(i, j, both, 1 / both.weight, scatter_);
    return determinant_of(scatter_, width_, column_);
  }

  // The scatters alone, without the distance of the means: det(A + B) >= det(A) + det(B).
  double least_determinant(const Cluster& part, const Union& both) const {
    if (!(part.determinant > 0)) return 0;
    double least = part.determinant;
    const double share = part.weight / both.weight;
    for (Index d = 0; d < width_; ++d) least *= share;
    return least;
  }

  void set_cost(Index i, Index j, const Union& both, double determinant, bool is_bound) {
    const std::size_t at = pair(i, j);
    costs_[at] = both.term(determinant) - cluster(i).term - cluster(j).term;
    // Neighbours share a word, which other threads may read.
    if (is_bound_[at] != is_bound) is_bound_[at] = is_bound;
  }

  void bound_cost(Index i, Index j) {
    const Union both = union_of(i, j);
    const double least = least_determinant(cluster(i), both) + least_determinant(cluster(j), both);
    set_cost(i, j, both, least, has_determinant(both));
  }

  // Makes j the partner of i if it is better than the one there is.
  void offer(Index i, Index j) {
    const auto loses = [&] {
      const double offered = costs_[pair(i, j)];
      return offered > lowest_[i] || (offered == lowest_[i] && j > partner(i));
    };
    if (loses()) return;
    if (is_bound_[pair(i, j)]) {
      const Union both = union_of(i, j);
      set_cost(i, j, both, determinant(i, j, both), false);
      if (loses()) return;
    }
    lowest_[i] = costs_[pair(i, j)];
    partner(i) = j;
  }

  void find_partner(Index i) {
    lowest_[i] = kInfinity;
    partner(i) = n_;
    const std::size_t row = pair(i, 0);  // where it would be
    const double* costs = costs_.data();
    double lowest = kInfinity;
    for (auto later = std::upper_bound(left_.begin(), left_.end(), i); later != left_.end(); ++later) {
      if (costs[row + static_cast<std::size_t>(*later)] > lowest) continue;
      offer(i, *later);
      lowest = lowest_[i];
    }
  }

  void merge(Index i, Index j) {
    const Union both = union_of(i, j);
    Cluster &a = cluster(i), &b = cluster(j);
    Content &of_a = content(i), &of_b = content(j);
    a.determinant = determinant(i, j, both);
    if (has_determinant(both)) {
      std::vector<double> scatter;
      scatter_of(i, j, both, 1, scatter);
      of_a.scatter = std::move(scatter);
      of_a.members = {};
    } else if (width_ > 1) {
      of_a.members.insert(of_a.members.end(), of_b.members.begin(), of_b.members.end());
    }
    means_.row(i) += b.weight / both.weight * (means_.row(j) - means_.row(i));
    a.weight = both.weight;
    a.square = both.square;
    a.trace = both.trace;
    a.n_points = both.n_points;
    a.term = both.term(a.determinant);
    of_b = {};
    left_.erase(std::lower_bound(left_.begin(), left_.end(), j));
  }

  // After the union of i and j: its costs, and who is now whose best partner among later clusters.
  void refresh(Index i, Index j) {
    for (const Index k : left_)
      if (k != i) bound_cost(std::min(i, k), std::max(i, k));
    for (const Index k : left_) {
      if (k > j) break;
      if (k == i || partner(k) == i || partner(k) == j)
        find_partner(k);
      else if (k < i)
        offer(k, i);
    }
  }

  Index n_, width_;
  const Matrix& points_;
  const Vector& weights_;
  Matrix means_;
  std::vector<Cluster> clusters_;
  std::vector<Content> contents_;
  std::vector<Index> left_;     // clusters there still are, rising
  std::vector<Index> partner_;  // of each, among the later ones
  Vector lowest_;               // cost of merging with it
  std::vector<double> costs_;
  std::vector<bool> is_bound_;            // and not the cost itself
  std::vector<double> scatter_, column_;  // scratch
  Eigen::RowVectorXd difference_;         // scratch
};

}  // namespace

std::vector<Index> MergeTree::labels(Index n_clusters) const {
  const auto n = static_cast<std::size_t>(n_points);
  std::vector<std::size_t> parent(n);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  for (Index merge = 0; merge < n_points - n_clusters; ++merge) {
    const auto [into, from] = merges[static_cast<std::size_t>(merge)];
    parent[static_cast<std::size_t>(from)] = static_cast<std::size_t>(into);
  }
  std::vector<Index> labels(n), label_of_root(n, -1);
  Index n_found = 0;
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t root = i;
    while (parent[root] != root) root = parent[root] = parent[parent[root]];
    if (label_of_root[root] < 0) label_of_root[root] = n_found++;
    labels[i] = label_of_root[root];
  }
  return labels;
}

MergeTree agglomerate(const Matrix& points, const Vector& weights, const Execution& execution) {
  return Agglomeration(points, weights).run(execution);
}

double agglomeration_memory(Index n_points, Index n_columns) {
  const auto n = static_cast<double>(n_points), width = static_cast<double>(n_columns);
  const double scatter = width * (width + 1) / 2;  // of clusters of more points than columns
  return 0.51 * n * n + n / (width + 1) * scatter + n * (width + 24);
}

}  // namespace gaussmix
