// Sixteen float lanes, whatever the processor has: one zmm, two ymm, four q-registers, or an array.
//
// The kernels are plain loops over `Vec`. This header is the only place that knows instruction sets; every source file
// is compiled once for each of them, into a namespace of that name (SEQWRIGHT_ISA), so that no inline function of one
// can be linked into another.
//
// The same bytes everywhere. `fma` rounds once on every path, sums over lanes are one fixed tree, min and max have the
// semantics of SSE (the second operand if either is NaN), and the compiler may not contract a*b + c on its own
// (-ffp-contract=off). What a kernel computes therefore does not depend on the instruction set.
#pragma once

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define SEQWRIGHT_ISA_avx512 1
#define SEQWRIGHT_ISA_avx2 2
#define SEQWRIGHT_ISA_neon 3
#define SEQWRIGHT_ISA_plain 4
#define SEQWRIGHT_JOIN(a, b) a##b
#define SEQWRIGHT_NUMBER(isa) SEQWRIGHT_JOIN(SEQWRIGHT_ISA_, isa)

#ifndef SEQWRIGHT_ISA
#error "compile with -DSEQWRIGHT_ISA=avx512, avx2, neon or plain"
#endif

#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) <= 2
#include <immintrin.h>
#elif SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 3
#include <arm_neon.h>
#endif

#if defined(_MSC_VER) && !defined(__clang__)
#define SEQWRIGHT_INLINE static __forceinline
#define SEQWRIGHT_UNROLL
#define SEQWRIGHT_RESTRICT __restrict
#else
#define SEQWRIGHT_INLINE [[maybe_unused]] static inline __attribute__((always_inline))
#if defined(__clang__)
#define SEQWRIGHT_UNROLL _Pragma("clang loop unroll(full)")
#else
#define SEQWRIGHT_UNROLL _Pragma("GCC unroll 16")
#endif
#define SEQWRIGHT_RESTRICT __restrict__
#endif

namespace seqwright::SEQWRIGHT_ISA {

constexpr int kLanes = 16;

// ---------------------------------------------------------------------------------------------------------- AVX-512
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1

struct Vec {
    __m512 v;
};

SEQWRIGHT_INLINE __mmask16 first(int n) { return static_cast<__mmask16>((1u << n) - 1u); }

SEQWRIGHT_INLINE Vec load(const float* p) { return {_mm512_loadu_ps(p)}; }
SEQWRIGHT_INLINE Vec load_n(const float* p, int n) { return {_mm512_maskz_loadu_ps(first(n), p)}; }
SEQWRIGHT_INLINE void store(float* p, Vec a) { _mm512_storeu_ps(p, a.v); }
SEQWRIGHT_INLINE void store_n(float* p, Vec a, int n) { _mm512_mask_storeu_ps(p, first(n), a.v); }
SEQWRIGHT_INLINE Vec set(float a) { return {_mm512_set1_ps(a)}; }
SEQWRIGHT_INLINE Vec zero() { return {_mm512_setzero_ps()}; }
SEQWRIGHT_INLINE Vec fma(Vec a, Vec b, Vec c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
SEQWRIGHT_INLINE Vec operator+(Vec a, Vec b) { return {_mm512_add_ps(a.v, b.v)}; }
SEQWRIGHT_INLINE Vec operator-(Vec a, Vec b) { return {_mm512_sub_ps(a.v, b.v)}; }
SEQWRIGHT_INLINE Vec operator*(Vec a, Vec b) { return {_mm512_mul_ps(a.v, b.v)}; }
SEQWRIGHT_INLINE Vec operator/(Vec a, Vec b) { return {_mm512_div_ps(a.v, b.v)}; }
SEQWRIGHT_INLINE Vec sqrt(Vec a) { return {_mm512_sqrt_ps(a.v)}; }
SEQWRIGHT_INLINE Vec min(Vec a, Vec b) { return {_mm512_min_ps(a.v, b.v)}; }
SEQWRIGHT_INLINE Vec max(Vec a, Vec b) { return {_mm512_max_ps(a.v, b.v)}; }
SEQWRIGHT_INLINE Vec round(Vec a) { return {_mm512_roundscale_ps(a.v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)}; }
SEQWRIGHT_INLINE Vec scale(Vec a, Vec n) { return {_mm512_scalef_ps(a.v, n.v)}; }
SEQWRIGHT_INLINE float sum(Vec a) {
    const __m256 s8 = _mm256_add_ps(_mm512_castps512_ps256(a.v), _mm512_extractf32x8_ps(a.v, 1));
    const __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
    const __m128 s2 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
    return _mm_cvtss_f32(_mm_add_ss(s2, _mm_shuffle_ps(s2, s2, 1)));
}
SEQWRIGHT_INLINE Vec zip_low(Vec a, Vec b) {
    const __m512i order = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return {_mm512_permutex2var_ps(a.v, order, b.v)};
}
SEQWRIGHT_INLINE Vec zip_high(Vec a, Vec b) {
    const __m512i order = _mm512_setr_epi32(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
    return {_mm512_permutex2var_ps(a.v, order, b.v)};
}
SEQWRIGHT_INLINE Vec from_ints(const int32_t* p) { return {_mm512_cvtepi32_ps(_mm512_loadu_si512(p))}; }
SEQWRIGHT_INLINE void store_bytes(uint8_t* p, Vec a) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(a.v)));
}

// ------------------------------------------------------------------------------------------------------ AVX2 and FMA
#elif SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 2

struct Vec {
    __m256 a, b;
};

SEQWRIGHT_INLINE __m256i first8(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

SEQWRIGHT_INLINE Vec load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
SEQWRIGHT_INLINE Vec load_n(const float* p, int n) {
    return {_mm256_maskload_ps(p, first8(n)), n > 8 ? _mm256_maskload_ps(p + 8, first8(n - 8)) : _mm256_setzero_ps()};
}
SEQWRIGHT_INLINE void store(float* p, Vec x) {
    _mm256_storeu_ps(p, x.a);
    _mm256_storeu_ps(p + 8, x.b);
}
SEQWRIGHT_INLINE void store_n(float* p, Vec x, int n) {
    _mm256_maskstore_ps(p, first8(n), x.a);
    if (n > 8) _mm256_maskstore_ps(p + 8, first8(n - 8), x.b);
}
SEQWRIGHT_INLINE Vec set(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
SEQWRIGHT_INLINE Vec zero() { return {_mm256_setzero_ps(), _mm256_setzero_ps()}; }
SEQWRIGHT_INLINE Vec fma(Vec x, Vec y, Vec z) {
    return {_mm256_fmadd_ps(x.a, y.a, z.a), _mm256_fmadd_ps(x.b, y.b, z.b)};
}
SEQWRIGHT_INLINE Vec operator+(Vec x, Vec y) { return {_mm256_add_ps(x.a, y.a), _mm256_add_ps(x.b, y.b)}; }
SEQWRIGHT_INLINE Vec operator-(Vec x, Vec y) { return {_mm256_sub_ps(x.a, y.a), _mm256_sub_ps(x.b, y.b)}; }
SEQWRIGHT_INLINE Vec operator*(Vec x, Vec y) { return {_mm256_mul_ps(x.a, y.a), _mm256_mul_ps(x.b, y.b)}; }
SEQWRIGHT_INLINE Vec operator/(Vec x, Vec y) { return {_mm256_div_ps(x.a, y.a), _mm256_div_ps(x.b, y.b)}; }
SEQWRIGHT_INLINE Vec sqrt(Vec x) { return {_mm256_sqrt_ps(x.a), _mm256_sqrt_ps(x.b)}; }
SEQWRIGHT_INLINE Vec min(Vec x, Vec y) { return {_mm256_min_ps(x.a, y.a), _mm256_min_ps(x.b, y.b)}; }
SEQWRIGHT_INLINE Vec max(Vec x, Vec y) { return {_mm256_max_ps(x.a, y.a), _mm256_max_ps(x.b, y.b)}; }
SEQWRIGHT_INLINE Vec round(Vec x) {
    constexpr int mode = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    return {_mm256_round_ps(x.a, mode), _mm256_round_ps(x.b, mode)};
}
SEQWRIGHT_INLINE __m256 scale8(__m256 x, __m256 n) {
    const __m256i whole = _mm256_cvtps_epi32(n), half = _mm256_srai_epi32(whole, 1);
    const __m256i bias = _mm256_set1_epi32(127);
    const __m256i other = _mm256_sub_epi32(whole, half);
    x = _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(half, bias), 23)));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(other, bias), 23)));
}
SEQWRIGHT_INLINE Vec scale(Vec x, Vec n) { return {scale8(x.a, n.a), scale8(x.b, n.b)}; }
SEQWRIGHT_INLINE float sum(Vec x) {
    const __m256 s8 = _mm256_add_ps(x.a, x.b);
    const __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
    const __m128 s2 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
    return _mm_cvtss_f32(_mm_add_ss(s2, _mm_shuffle_ps(s2, s2, 1)));
}
SEQWRIGHT_INLINE Vec zip8(__m256 x, __m256 y) {
    const __m256 low = _mm256_unpacklo_ps(x, y), high = _mm256_unpackhi_ps(x, y);
    return {_mm256_permute2f128_ps(low, high, 0x20), _mm256_permute2f128_ps(low, high, 0x31)};
}
SEQWRIGHT_INLINE Vec zip_low(Vec x, Vec y) { return zip8(x.a, y.a); }
SEQWRIGHT_INLINE Vec zip_high(Vec x, Vec y) { return zip8(x.b, y.b); }
SEQWRIGHT_INLINE Vec from_ints(const int32_t* p) {
    const __m256i* ints = reinterpret_cast<const __m256i*>(p);
    return {_mm256_cvtepi32_ps(_mm256_loadu_si256(ints)), _mm256_cvtepi32_ps(_mm256_loadu_si256(ints + 1))};
}
SEQWRIGHT_INLINE void store_bytes(uint8_t* p, Vec x) {
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(_mm256_cvtps_epi32(x.a), _mm256_cvtps_epi32(x.b)), 0xd8);
    const __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm_packus_epi16(low, high));
}

// ------------------------------------------------------------------------------------------------------------- NEON
#elif SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 3

struct Vec {
    float32x4_t v[4];
};

#define SEQWRIGHT_EACH(expression) \
    Vec y;                         \
    SEQWRIGHT_UNROLL               \
    for (int i = 0; i < 4; i++) y.v[i] = (expression); \
    return y

SEQWRIGHT_INLINE Vec load(const float* p) { SEQWRIGHT_EACH(vld1q_f32(p + 4 * i)); }
SEQWRIGHT_INLINE void store(float* p, Vec a) {
    for (int i = 0; i < 4; i++) vst1q_f32(p + 4 * i, a.v[i]);
}
SEQWRIGHT_INLINE Vec load_n(const float* p, int n) {
    float part[kLanes] = {};
    memcpy(part, p, static_cast<size_t>(n) * sizeof(float));
    return load(part);
}
SEQWRIGHT_INLINE void store_n(float* p, Vec a, int n) {
    float part[kLanes];
    store(part, a);
    memcpy(p, part, static_cast<size_t>(n) * sizeof(float));
}
SEQWRIGHT_INLINE Vec set(float a) { SEQWRIGHT_EACH(vdupq_n_f32(a)); }
SEQWRIGHT_INLINE Vec zero() { return set(0.0f); }
SEQWRIGHT_INLINE Vec fma(Vec a, Vec b, Vec c) { SEQWRIGHT_EACH(vfmaq_f32(c.v[i], a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec operator+(Vec a, Vec b) { SEQWRIGHT_EACH(vaddq_f32(a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec operator-(Vec a, Vec b) { SEQWRIGHT_EACH(vsubq_f32(a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec operator*(Vec a, Vec b) { SEQWRIGHT_EACH(vmulq_f32(a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec operator/(Vec a, Vec b) { SEQWRIGHT_EACH(vdivq_f32(a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec sqrt(Vec a) { SEQWRIGHT_EACH(vsqrtq_f32(a.v[i])); }
// Not vminq and vmaxq: those return NaN if either operand is, where SSE returns the second.
SEQWRIGHT_INLINE Vec min(Vec a, Vec b) { SEQWRIGHT_EACH(vbslq_f32(vcltq_f32(a.v[i], b.v[i]), a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec max(Vec a, Vec b) { SEQWRIGHT_EACH(vbslq_f32(vcgtq_f32(a.v[i], b.v[i]), a.v[i], b.v[i])); }
SEQWRIGHT_INLINE Vec round(Vec a) { SEQWRIGHT_EACH(vrndnq_f32(a.v[i])); }
SEQWRIGHT_INLINE float32x4_t scale4(float32x4_t x, float32x4_t n) {
    const int32x4_t whole = vcvtq_s32_f32(n), half = vshrq_n_s32(whole, 1), bias = vdupq_n_s32(127);
    const int32x4_t other = vsubq_s32(whole, half);
    x = vmulq_f32(x, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(half, bias), 23)));
    return vmulq_f32(x, vreinterpretq_f32_s32(vshlq_n_s32(vaddq_s32(other, bias), 23)));
}
SEQWRIGHT_INLINE Vec scale(Vec a, Vec n) { SEQWRIGHT_EACH(scale4(a.v[i], n.v[i])); }
SEQWRIGHT_INLINE float sum(Vec a) {
    const float32x4_t s4 = vaddq_f32(vaddq_f32(a.v[0], a.v[2]), vaddq_f32(a.v[1], a.v[3]));
    const float32x2_t s2 = vadd_f32(vget_low_f32(s4), vget_high_f32(s4));
    return vget_lane_f32(s2, 0) + vget_lane_f32(s2, 1);
}
SEQWRIGHT_INLINE Vec from_ints(const int32_t* p) { SEQWRIGHT_EACH(vcvtq_f32_s32(vld1q_s32(p + 4 * i))); }
SEQWRIGHT_INLINE void store_bytes(uint8_t* p, Vec a) {
    float part[kLanes];
    store(part, a);
    for (int i = 0; i < kLanes; i++) p[i] = static_cast<uint8_t>(part[i]);
}
SEQWRIGHT_INLINE Vec zip_from(int first, Vec a, Vec b) {
    const float32x4_t *x = a.v + first, *y = b.v + first;
    return {{vzip1q_f32(x[0], y[0]), vzip2q_f32(x[0], y[0]), vzip1q_f32(x[1], y[1]), vzip2q_f32(x[1], y[1])}};
}
SEQWRIGHT_INLINE Vec zip_low(Vec a, Vec b) { return zip_from(0, a, b); }
SEQWRIGHT_INLINE Vec zip_high(Vec a, Vec b) { return zip_from(2, a, b); }
#undef SEQWRIGHT_EACH

// ------------------------------------------------------------------------------------------------------------ plain
#else

struct Vec {
    float v[kLanes];
};

// a*b + c with one rounding. Without the instruction: the product is exact in double, the sum is rounded to odd there
// (its error is known from Knuth's two-sum), and a result rounded to odd with more than two spare bits rounds to float
// as the exact value would (Boldo & Melquiond 2008, "Emulation of a FMA and correctly rounded sums"). This is for the same
// bytes, not for speed: about 1 GFLOP/s, so that NumPy is the default where nothing better than this can run.
SEQWRIGHT_INLINE float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__) || defined(_M_ARM64) || defined(FP_FAST_FMAF)
    return fmaf(a, b, c);
#else
    const double product = static_cast<double>(a) * static_cast<double>(b), addend = c;
    double total = product + addend;
    const double seen = total - product, error = (product - (total - seen)) + (addend - seen);
    const int64_t away = (error > 0) - (error < 0);
    int64_t bits;
    memcpy(&bits, &total, sizeof bits);
    bits += (total > 0 ? away : -away) & -(~bits & 1);
    memcpy(&total, &bits, sizeof bits);
    return static_cast<float>(total);
#endif
}

#define SEQWRIGHT_EACH(expression) \
    Vec y;                         \
    for (int i = 0; i < kLanes; i++) y.v[i] = (expression); \
    return y

SEQWRIGHT_INLINE Vec load(const float* p) {
    Vec y;
    memcpy(y.v, p, sizeof y.v);
    return y;
}
SEQWRIGHT_INLINE Vec load_n(const float* p, int n) {
    Vec y = {};
    memcpy(y.v, p, static_cast<size_t>(n) * sizeof(float));
    return y;
}
SEQWRIGHT_INLINE void store(float* p, const Vec& a) { memcpy(p, a.v, sizeof a.v); }
SEQWRIGHT_INLINE void store_n(float* p, const Vec& a, int n) { memcpy(p, a.v, static_cast<size_t>(n) * sizeof(float)); }
SEQWRIGHT_INLINE Vec set(float a) { SEQWRIGHT_EACH(a); }
SEQWRIGHT_INLINE Vec zero() { return set(0.0f); }
SEQWRIGHT_INLINE Vec fma(const Vec& a, const Vec& b, const Vec& c) { SEQWRIGHT_EACH(fma(a.v[i], b.v[i], c.v[i])); }
SEQWRIGHT_INLINE Vec operator+(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(a.v[i] + b.v[i]); }
SEQWRIGHT_INLINE Vec operator-(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(a.v[i] - b.v[i]); }
SEQWRIGHT_INLINE Vec operator*(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(a.v[i] * b.v[i]); }
SEQWRIGHT_INLINE Vec operator/(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(a.v[i] / b.v[i]); }
SEQWRIGHT_INLINE Vec sqrt(const Vec& a) { SEQWRIGHT_EACH(sqrtf(a.v[i])); }
SEQWRIGHT_INLINE Vec min(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(a.v[i] < b.v[i] ? a.v[i] : b.v[i]); }
SEQWRIGHT_INLINE Vec max(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(a.v[i] > b.v[i] ? a.v[i] : b.v[i]); }
SEQWRIGHT_INLINE Vec round(const Vec& a) {
    constexpr float shift = 12582912.0f;  // 1.5 · 2^23: its last bit is worth 1. Right for |a| < 2^22; ours are below 200.
    SEQWRIGHT_EACH((a.v[i] + shift) - shift);
}
SEQWRIGHT_INLINE float power_of_two(int n) {
    const int32_t bits = (n + 127) << 23;
    float y;
    memcpy(&y, &bits, sizeof y);
    return y;
}
SEQWRIGHT_INLINE Vec scale(const Vec& a, const Vec& n) {
    Vec y;
    for (int i = 0; i < kLanes; i++) {
        const int whole = n.v[i] == n.v[i] ? static_cast<int>(n.v[i]) : 0, half = whole >> 1;
        y.v[i] = (a.v[i] * power_of_two(half)) * power_of_two(whole - half);
    }
    return y;
}
SEQWRIGHT_INLINE float sum(const Vec& a) {
    float s[kLanes];
    store(s, a);
    for (int width = 8; width > 0; width /= 2)
        for (int i = 0; i < width; i++) s[i] += s[i + width];
    return s[0];
}
SEQWRIGHT_INLINE Vec from_ints(const int32_t* p) { SEQWRIGHT_EACH(static_cast<float>(p[i])); }
SEQWRIGHT_INLINE void store_bytes(uint8_t* p, const Vec& a) {
    for (int i = 0; i < kLanes; i++) p[i] = static_cast<uint8_t>(a.v[i]);
}
SEQWRIGHT_INLINE Vec zip_low(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(i % 2 ? b.v[i / 2] : a.v[i / 2]); }
SEQWRIGHT_INLINE Vec zip_high(const Vec& a, const Vec& b) { SEQWRIGHT_EACH(i % 2 ? b.v[8 + i / 2] : a.v[8 + i / 2]); }
#undef SEQWRIGHT_EACH

#endif

// --------------------------------------------------------------------------------------------- the same for them all

// from_ints: 16 int32 as floats, rounded to nearest. store_bytes: whole numbers from 0 to 255, a byte each.
// zip_low, zip_high: a0 b0 a1 b1 … of the first eight lanes, and of the last.

// Transpose 16 × 16: four times, each row meets the one eight further on.
SEQWRIGHT_INLINE void transpose(Vec (&rows)[kLanes]) {
    SEQWRIGHT_UNROLL
    for (int round = 0; round < 4; round++) {
        Vec zipped[kLanes];
        SEQWRIGHT_UNROLL
        for (int i = 0; i < kLanes / 2; i++) {
            zipped[2 * i] = zip_low(rows[i], rows[i + kLanes / 2]);
            zipped[2 * i + 1] = zip_high(rows[i], rows[i + kLanes / 2]);
        }
        SEQWRIGHT_UNROLL
        for (int i = 0; i < kLanes; i++) rows[i] = zipped[i];
    }
}

// Fetch the line at p into the second-level cache.
SEQWRIGHT_INLINE void prefetch(const float* p) {
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) <= 2
    _mm_prefetch(reinterpret_cast<const char*>(p), _MM_HINT_T1);
#elif defined(__GNUC__)
    __builtin_prefetch(p, 0, 2);
#else
    (void)p;
#endif
}

// The first n of 16 lanes, n <= 16; the whole vector without a mask, since nearly all are whole.
SEQWRIGHT_INLINE Vec masked_load(const float* p, int n) { return n >= kLanes ? load(p) : load_n(p, n); }
SEQWRIGHT_INLINE void masked_store(float* p, Vec a, int n) { n >= kLanes ? store(p, a) : store_n(p, a, n); }

SEQWRIGHT_INLINE float greatest(Vec a) {  // for values without NaN; with one, any of the others
    float s[kLanes];
    store(s, a);
    float top = s[0];
    for (int i = 1; i < kLanes; i++) top = s[i] > top ? s[i] : top;
    return top;
}

// e^x = 2^n e^r with n = round(x / ln 2) and |r| <= ln 2 / 2; e^r = 1 + r + r² q(r), q fitted for the least relative
// error (3e-9). n ln 2 is subtracted in two parts, the first of which is exact. Measured over the floats whose result is
// normal: relative error below 1.3 · 2^-24. NaN goes through, e^inf = inf, e^-inf = 0.
SEQWRIGHT_INLINE Vec exp(Vec x) {
    x = min(set(89.0f), max(set(-104.0f), x));  // both ends overflow or vanish already; NaN is the second operand
    const Vec n = round(x * set(1.44269504f));
    Vec r = fma(n, set(-0.693359375f), x);
    r = fma(n, set(2.12194440e-4f), r);
    Vec q = set(0x1.6a23cep-10f);
    q = fma(q, r, set(0x1.123a20p-7f));
    q = fma(q, r, set(0x1.5558f2p-5f));
    q = fma(q, r, set(0x1.555492p-3f));
    q = fma(q, r, set(0x1.fffffcp-2f));
    q = fma(q, r, set(1.0f));
    q = fma(q, r, set(1.0f));
    return scale(q, n);
}

// 1 / (1 + e^-x): relative error below 2.6 · 2^-24, also where the value is tiny.
SEQWRIGHT_INLINE Vec sigmoid(Vec x) { return set(1.0f) / (set(1.0f) + exp(zero() - x)); }

// tanh x = x P(x²) / Q(x²), four terms each, fitted for the least relative error over |x| <= 9.02 (2e-8), beyond which
// tanh x is ±1 in float32. All coefficients are positive: nothing cancels. How they are rounded to float32 was searched for.
// Measured relative error: below 5.2 · 2^-24, and below 4 · 2^-24 for |x| < 1. Clamped at both ends: a last rounding up to
// above 1 would make 1 - tanh² negative. With exp instead, 1 - 2 / (e^2x + 1), small arguments lose all digits.
SEQWRIGHT_INLINE Vec tanh(Vec x) {
    const Vec bounded = min(set(9.02f), max(set(-9.02f), x));
    const Vec u = bounded * bounded;
    Vec P = set(0x1.cbe128p-27f), Q = set(0x1.a23c6ep-21f);
    P = fma(P, u, set(0x1.5a362ap-16f));
    Q = fma(Q, u, set(0x1.58d36ap-12f));
    P = fma(P, u, set(0x1.ca6b30p-9f));
    Q = fma(Q, u, set(0x1.a816e2p-6f));
    P = fma(P, u, set(0x1.1213d2p-3f));
    Q = fma(Q, u, set(0x1.de5f36p-2f));
    P = fma(P, u, set(1.0f));
    Q = fma(Q, u, set(1.0f));
    const Vec y = bounded * P / Q;
    return min(set(1.0f), max(set(-1.0f), y));  // the last rounding may step over
}

}  // namespace seqwright::SEQWRIGHT_ISA
