// Declarations shared by the files of the Python module. Every function validates its arrays, releases the GIL, and calls the
// kernel of the chosen instruction set.
#pragma once

#include "arrays.hpp"
#include "kernels.hpp"

namespace seqwright {

const Kernels& set_of(int isa);

// noconvert: an array of another type or layout is an error. The results would be lost in a silent copy.
inline auto array(const char* name) { return nb::arg(name).noconvert(); }
inline auto maybe_array(const char* name) { return array(name).none(); }

void bind_layers(nb::module_& m);
void bind_network(nb::module_& m);

}  // namespace seqwright
