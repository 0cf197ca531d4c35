// Which of the compiled instruction sets this processor and its operating system can run, the best first.
#pragma once

#include <vector>

#include "kernels.hpp"

namespace seqwright {

const std::vector<const Kernels*>& runnable();

bool has_vnni();  // whether the avx512 kernels may use vpdpbusd

}  // namespace seqwright
