#include <string>

#include "base/errors.hpp"
#include "covariance/catalogue.hpp"

namespace gaussmix {

namespace {

std::vector<const Structure*> all_structures() {
  std::vector<const Structure*> all{&full_structure(), &tied_structure(), &diagonal_structure(),
                                    &spherical_structure()};
  const auto add = [&](std::span<const Structure* const> more) { all.insert(all.end(), more.begin(), more.end()); };
  add(round_structures());
  add(axis_aligned_structures());
  all.push_back(&common_shape_structure());
  add(common_axes_structures());
  add(own_axes_structures());
  all.push_back(&factor_structure(1));
  return all;
}

}  // namespace

std::span<const Structure* const> structures() {
  static const std::vector<const Structure*> all = all_structures();
  return all;
}

const Structure& structure(std::string_view name_or_code, Index n_factors) {
  for (const Structure* candidate : structures())
    if (candidate->name() == name_or_code || candidate->code() == name_or_code)
      return candidate->n_factors() > 0 ? factor_structure(n_factors) : *candidate;
  throw InvalidArgument("unknown covariance structure '" + std::string(name_or_code) + "'");
}

}  // namespace gaussmix
