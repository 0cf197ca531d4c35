// The Python module, its instruction sets and threads.
//
// Each kernel takes the arguments of its specification in kernels/reference/, in that order, after the index of an instruction
// set in `available()`: the package passes the one it has chosen, the tests pass each in turn. A `Network` takes it once.
#include "bindings.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <string>
#include <vector>

#include "pool.hpp"
#include "processor.hpp"

namespace seqwright {

const Kernels& set_of(int isa) {
    if (isa < 0 || static_cast<size_t>(isa) >= runnable().size()) throw nb::index_error("no such instruction set");
    return *runnable()[static_cast<size_t>(isa)];
}

}  // namespace seqwright

NB_MODULE(_native, m) {
    using namespace seqwright;
    using namespace nb::literals;
    nb::set_leak_warnings(false);  // a kernel running in a daemon thread at exit is no leak worth a page of text

    m.def("available", [] {
        std::vector<std::string> names;
        for (const Kernels* kernels : runnable()) names.push_back(kernels->name);
        return names;
    });
    // Whether `plain` has a fused multiply-add of the processor, or computes it: right, but slower than NumPy.
#if defined(__FMA__) || defined(__aarch64__) || defined(_M_ARM64) || defined(FP_FAST_FMAF)
    m.attr("plain_is_fast") = true;
#else
    m.attr("plain_is_fast") = false;
#endif
    m.attr("vnni") = has_vnni();
    m.attr("avx_vnni") = has_avx_vnni();
    m.def("allow_vnni", &allow_vnni, "allowed"_a);
    m.def("threads", &threads);
    m.def("set_threads", [](int n) {
        if (n < 1 || n > kMostThreads)
            throw nb::value_error(("threads must be from 1 to " + std::to_string(kMostThreads) + ", not " + std::to_string(n)).c_str());
        set_threads(n);
    }, "n"_a);
    m.def("available_cores", &available_cores);

    bind_layers(m);
    bind_network(m);
}
