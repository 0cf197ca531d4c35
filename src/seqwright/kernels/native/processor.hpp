// Which of the compiled instruction sets this processor and its operating system can run, the best first.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace seqwright {

const std::vector<const Kernels*>& runnable();

bool has_vnni();      // whether the avx512 kernels may use vpdpbusd
bool has_avx_vnni();  // whether it exists with 256 bits and without AVX-512
void allow_vnni(bool allowed);  // for tests: without either, bytes are multiplied as on earlier processors

}  // namespace seqwright
