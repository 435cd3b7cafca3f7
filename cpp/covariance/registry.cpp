#include <array>
#include <string>

#include "base/errors.hpp"
#include "covariance/closed_form.hpp"

namespace gaussmix {

std::span<const Structure* const> structures() {
  static const std::array<const Structure*, 4> all{&full_structure(), &tied_structure(), &diagonal_structure(),
                                                   &spherical_structure()};
  return all;
}

const Structure& structure(std::string_view name_or_code) {
  for (const Structure* candidate : structures())
    if (candidate->name() == name_or_code || candidate->code() == name_or_code) return *candidate;
  throw InvalidArgument("unknown covariance structure '" + std::string(name_or_code) + "'");
}

}  // namespace gaussmix
