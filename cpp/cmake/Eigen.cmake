# Defines gaussmix_eigen. Order: Eigen3_DIR / CMAKE_PREFIX_PATH, PyPI's cmeel-eigen in the build environment, the
# system's package; a download of the pinned release only when asked for.
option(GAUSSMIX_FETCH_EIGEN "download the pinned Eigen release when no package is found" OFF)
# cmeel-eigen installs under <site-packages>/cmeel.prefix, and scikit-build-core already puts the build environment's
# site-packages on CMAKE_PREFIX_PATH: a suffix is all find_package needs. No version is named here because Eigen 3.4.0's
# own check refuses version ranges and Eigen 5's refuses a plain "3.4".
set(eigen_arguments CONFIG PATH_SUFFIXES cmeel.prefix/share/eigen3/cmake)
if(GAUSSMIX_FETCH_EIGEN)
  include(FetchContent)
  FetchContent_Declare(Eigen3
    URL https://gitlab.com/libeigen/eigen/-/archive/3.4.1/eigen-3.4.1.tar.gz
    URL_HASH SHA256=b93c667d1b69265cdb4d9f30ec21f8facbbe8b307cf34c0b9942834c6d4fdbe2
    SOURCE_SUBDIR do-not-run-eigens-own-cmake  # it would also build BLAS and LAPACK
    FIND_PACKAGE_ARGS ${eigen_arguments})
  FetchContent_MakeAvailable(Eigen3)
  if(NOT TARGET Eigen3::Eigen)
    add_library(gaussmix_fetched_eigen INTERFACE)
    target_include_directories(gaussmix_fetched_eigen SYSTEM INTERFACE "${eigen3_SOURCE_DIR}")
    add_library(Eigen3::Eigen ALIAS gaussmix_fetched_eigen)
    set(Eigen3_VERSION 3.4.1)
  endif()
else()
  find_package(Eigen3 ${eigen_arguments})
endif()
if(NOT TARGET Eigen3::Eigen OR Eigen3_VERSION VERSION_LESS 3.4)
  message(FATAL_ERROR "Eigen >= 3.4 not found (found: '${Eigen3_VERSION}'). pip installs it by itself; with "
    "--no-build-isolation run `pip install cmeel-eigen==3.4.1` or install your system's package first, or pass "
    "-DGAUSSMIX_FETCH_EIGEN=ON to download it.")
endif()
get_target_property(eigen_include Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
message(STATUS "Eigen ${Eigen3_VERSION}: ${eigen_include}")
add_library(gaussmix_eigen INTERFACE)
# Eigen's own threads would nest inside ours and change the order of summation.
target_compile_definitions(gaussmix_eigen INTERFACE EIGEN_DONT_PARALLELIZE EIGEN_MPL2_ONLY)
target_include_directories(gaussmix_eigen SYSTEM INTERFACE ${eigen_include})
