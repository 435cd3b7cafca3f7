// What is left of the gains of plain EM.
#pragma once

#include <array>
#include <limits>

#include "base/types.hpp"

namespace gaussmix {

// Aitken's extrapolation (Boehning et al. 1994; McLachlan & Krishnan 2008, section 4.9) takes gains for one geometric series,
// what is left for gain * a / (1 - a), and a from the last two. Where components overlap there are many, the slowest of which
// show late, and it promises too little: here the last four gains are taken for two series, which they determine (Shanks 1955,
// transformation e_2). Gains that have fallen below `least` may be rounding: they make one series.
class GainSeries {
 public:
  void add(double gain);

  double last() const { return gains_.back(); }
  double ratio() const { return gains_[3] / gains_[2]; }  // nan when unknown

  struct Forecast {
    double gain = std::numeric_limits<double>::quiet_NaN();        // still to come; nan while there are no two gains
    double gain_after = std::numeric_limits<double>::quiet_NaN();  // and after one more step
    double ratio = std::numeric_limits<double>::quiet_NaN();       // of the slowest series; 1 or more where gains grow
  };
  Forecast forecast(double least) const;

 private:
  Forecast of_one_series() const;

  std::array<double, 4> gains_{std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN(),
                               std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::quiet_NaN()};
};

}  // namespace gaussmix
