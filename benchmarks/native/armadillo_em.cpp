// Runs EM of Armadillo's gmm_full or gmm_diag from given parameters.
// Usage: armadillo_em IN OUT full|diag N D K ITERATIONS
// IN holds float64 data (N x D by rows), weights, means (K x D) and covariances; OUT gets the last three after EM.
// Prints wall seconds, processor seconds and KiB of peak memory above the data; --version prints Armadillo's.
#include <armadillo>
#include <chrono>
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>

namespace {

using arma::uword;

double kib_of(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == key + ":") {
      status >> word;
      return std::stod(word);
    }
  }
  return std::nan("");
}

template <typename Array>
void read(std::ifstream& file, Array& values) {
  file.read(reinterpret_cast<char*>(values.memptr()), std::streamsize(values.n_elem * sizeof(double)));
}

template <typename Array>
void write(std::ofstream& file, const Array& values) {
  file.write(reinterpret_cast<const char*>(values.memptr()), std::streamsize(values.n_elem * sizeof(double)));
}

template <typename Model, typename Covariances>
int run(char** argv, Covariances covariances, uword n, uword d, uword k) {
  std::ifstream in(argv[1], std::ios::binary);
  arma::mat data(d, n), means(d, k);
  arma::rowvec weights(k);
  read(in, data), read(in, weights), read(in, means), read(in, covariances);
  if (!in) return 3;
  Model model;
  model.set_params(means, covariances, weights);
  std::ofstream("/proc/self/clear_refs") << "5";  // the recorded peak starts again from here
  const double held = kib_of("VmRSS");
  const std::clock_t ticks = std::clock();
  const auto begin = std::chrono::steady_clock::now();
  const bool ok = model.learn(data, k, arma::eucl_dist, arma::keep_existing, 0, std::stoul(argv[7]), 1e-6, false);
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  const double cpu = double(std::clock() - ticks) / CLOCKS_PER_SEC;
  if (!ok) return 4;
  std::ofstream out(argv[2], std::ios::binary);
  const Covariances& found = [&]() -> const Covariances& {
    if constexpr (std::is_same_v<Model, arma::gmm_full>)
      return model.fcovs;
    else
      return model.dcovs;
  }();
  write(out, model.hefts), write(out, model.means), write(out, found);
  std::cout.precision(17);
  std::cout << wall << ' ' << cpu << ' ' << kib_of("VmHWM") - held << '\n';
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) {
    std::cout << ARMA_VERSION_MAJOR << '.' << ARMA_VERSION_MINOR << '.' << ARMA_VERSION_PATCH << '\n';
    return 0;
  }
  if (argc != 8) return 2;
  const uword n = std::stoul(argv[4]), d = std::stoul(argv[5]), k = std::stoul(argv[6]);
  if (std::string(argv[3]) == "full") return run<arma::gmm_full>(argv, arma::cube(d, d, k), n, d, k);
  return run<arma::gmm_diag>(argv, arma::mat(d, k), n, d, k);
}
