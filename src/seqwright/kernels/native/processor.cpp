#include "processor.hpp"

#if defined(_MSC_VER) && defined(_M_X64)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace seqwright {
namespace {

#if defined(_MSC_VER) && defined(_M_X64)
bool has_avx2(bool and_avx512) {
    int r[4];
    __cpuid(r, 1);
    const bool fma = r[2] & (1 << 12), osxsave = r[2] & (1 << 27);
    if (!fma || !osxsave) return false;
    const unsigned long long saved = _xgetbv(0);  // the registers that the operating system keeps over a switch
    __cpuidex(r, 7, 0);
    if (!and_avx512) return (saved & 0x6) == 0x6 && (r[1] & (1 << 5));
    const unsigned needed = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);  // F, DQ, BW, VL
    return (saved & 0xe6) == 0xe6 && (static_cast<unsigned>(r[1]) & needed) == needed;
}
#elif defined(__x86_64__)
bool has_avx2(bool and_avx512) {  // the builtins include the operating system's support
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return false;
    return !and_avx512 || (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq"));
}
#endif

}  // namespace

const std::vector<const Kernels*>& runnable() {
    static const std::vector<const Kernels*> list = [] {
        std::vector<const Kernels*> found;
#if defined(SEQWRIGHT_HAS_avx512)
        if (has_avx2(true)) found.push_back(&avx512::kernels);
#endif
#if defined(SEQWRIGHT_HAS_avx2)
        if (has_avx2(false)) found.push_back(&avx2::kernels);
#endif
#if defined(SEQWRIGHT_HAS_neon)
        found.push_back(&neon::kernels);
#endif
        found.push_back(&plain::kernels);
        return found;
    }();
    return list;
}

bool has_vnni() {
#if defined(_MSC_VER) && defined(_M_X64)
    static const bool found = [] {
        int r[4];
        __cpuidex(r, 7, 0);
        return (r[2] & (1 << 11)) != 0;
    }();
    return found;
#elif defined(__x86_64__)
    static const bool found = (__builtin_cpu_init(), __builtin_cpu_supports("avx512vnni") != 0);
    return found;
#else
    return false;
#endif
}

}  // namespace seqwright
