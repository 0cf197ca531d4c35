// By CPUID and XGETBV: the builtins of compilers need a runtime library that not every toolchain has.
// Numbers of bits: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2A, CPUID, and volume 1, section 13.3.
#include "processor.hpp"

#include <atomic>
#include <cstdint>

#if defined(__x86_64__) || defined(_M_X64)
#define SEQWRIGHT_X86_64
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace seqwright {
namespace {

struct Features {
    bool avx2 = false, avx512 = false, vnni = false, avx_vnni = false;
};

#if defined(SEQWRIGHT_X86_64)
struct Registers {
    uint32_t a, b, c, d;
};

Registers cpuid(int leaf, int subleaf = 0) {
#if defined(_MSC_VER)
    int r[4];
    __cpuidex(r, leaf, subleaf);
    return {static_cast<uint32_t>(r[0]), static_cast<uint32_t>(r[1]), static_cast<uint32_t>(r[2]), static_cast<uint32_t>(r[3])};
#else
    Registers r;
    __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
    return r;
#endif
}

// XCR0: which registers the operating system keeps when it switches threads. Only where CPUID reports OSXSAVE.
uint64_t saved_registers() {
#if defined(_MSC_VER) && !defined(__clang__)
    return _xgetbv(0);
#else
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));  // volatile: it must not move before the test of OSXSAVE
    return low | static_cast<uint64_t>(high) << 32;
#endif
}

bool all(uint64_t bits, uint64_t needed) { return (bits & needed) == needed; }

Features detected() {
    constexpr uint64_t kFma = 1u << 12, kOsXsave = 1u << 27, kAvx = 1u << 28;                          // leaf 1, ECX
    constexpr uint64_t kAvx2 = 1u << 5, kF = 1u << 16, kDq = 1u << 17, kBw = 1u << 30, kVl = 1u << 31;  // leaf 7, EBX
    constexpr uint64_t kVnni = 1u << 11;                                                               // leaf 7, ECX
    constexpr uint64_t kAvxVnni = 1u << 4;                                                             // leaf 7.1, EAX
    constexpr uint64_t kXmmYmm = 0x06, kMasksZmm = 0xe0;                                               // XCR0
    Features found;
    if (cpuid(0).a < 7 || !all(cpuid(1).c, kFma | kOsXsave | kAvx)) return found;
    const Registers extended = cpuid(7);
    uint64_t saved = saved_registers();
#if defined(__APPLE__)
    if (all(extended.b, kF)) saved |= kMasksZmm;  // macOS keeps them from their first use on, and XCR0 lacks them until then
#endif
    found.avx2 = all(saved, kXmmYmm) && all(extended.b, kAvx2);
    found.avx512 = found.avx2 && all(saved, kMasksZmm) && all(extended.b, kF | kDq | kBw | kVl);
    found.vnni = found.avx512 && all(extended.c, kVnni);
    found.avx_vnni = found.avx2 && extended.a >= 1 && all(cpuid(7, 1).a, kAvxVnni);
    return found;
}
#else
Features detected() { return {}; }
#endif

const Features& features() {
    static const Features found = detected();
    return found;
}

std::atomic<bool> vnni_allowed{true};

}  // namespace

const std::vector<const Kernels*>& runnable() {
    static const std::vector<const Kernels*> list = [] {
        std::vector<const Kernels*> found;
#if defined(SEQWRIGHT_HAS_avx512)
        if (features().avx512) found.push_back(&avx512::kernels);
#endif
#if defined(SEQWRIGHT_HAS_avx2)
        if (features().avx2) found.push_back(&avx2::kernels);
#endif
#if defined(SEQWRIGHT_HAS_neon)
        found.push_back(&neon::kernels);
#endif
        found.push_back(&plain::kernels);
        return found;
    }();
    return list;
}

bool has_vnni() { return features().vnni && vnni_allowed.load(std::memory_order_relaxed); }

bool has_avx_vnni() { return features().avx_vnni && vnni_allowed.load(std::memory_order_relaxed); }

void allow_vnni(bool allowed) { vnni_allowed.store(allowed); }

}  // namespace seqwright
