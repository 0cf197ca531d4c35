// Integer products: int8 weights with a scale for each column, rows of bytes with a scale for each row.
//
//   W[k, j] ~ w[k, j] sw[j]      w = round(127 W / max_k |W[k, j]|)      specified in kernels/reference/quantized.py
//   x[r, k] ~ q[r, k] sx[r]      q = round(127 x / max_k |x[r, k]|)
//   y[r, j] = start[r, j] + (sx[r] sw[j]) Σ_k q[r, k] w[k, j]
//
// The sum is exact, so it does not depend on instruction set, tile or thread; one fused multiply-add scales it. Rows are
// stored as q + 128, unsigned as vpdpbusd requires; the sum starts at -Σ_k 128 w[k, j]. A sum of K
// products is below 2^31 for K < 65,000.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2, AVX2, D 128, H 256, both directions, bilinear attention, one word of 10 symbols and
// 256 words, in ms: products of 16-bit words 0.198 and 41, by signs 0.128 and 31, with vpdpbusd 0.089 and 16.
#include "quantized.hpp"

#include "processor.hpp"

#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1 && defined(__GNUC__)
#define SEQWRIGHT_VNNI __attribute__((target("avx512vnni")))
#else
#define SEQWRIGHT_VNNI
#endif
// avx512 has vpdpbusd from another extension, or is older than this one.
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 2 && (defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 11))
#define SEQWRIGHT_AVX_VNNI __attribute__((target("avxvnni")))
#endif

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr float kLeast = 1e-30f;  // a smaller maximum counts as 0: 127 divided by it may overflow

}  // namespace

// --------------------------------------------------------------------------------------------------------- weights
size_t quantized_size(int K, int N) {
    const size_t columns = static_cast<size_t>(quantized_panels(N)) * kColumns;
    return columns * static_cast<size_t>(quads(K)) + 2 * columns;
}

QuantizedMatrix quantized_at(float* block, int K, int N) {
    const ptrdiff_t columns = static_cast<ptrdiff_t>(quantized_panels(N)) * kColumns, codes = columns * quads(K);
    return {reinterpret_cast<int8_t*>(block), block + codes, reinterpret_cast<int32_t*>(block + codes + columns), K, N};
}

void pack_quantized_column(const QuantizedMatrix& to, int j, Column from) {
    float top = 0;
    for (int k = 0; from.at != nullptr && k < from.depth; k++) top = fmaxf(top, fabsf(from.at[k * from.stride]));
    if (top < kLeast) top = 0;
    const float inverse = top > 0 ? 127.0f / top : 0.0f;
    const float* w = from.at == nullptr ? nullptr : from.at + from.first * from.stride;
    int8_t* column = to.panels + (static_cast<ptrdiff_t>(j / kColumns) * quads(to.K) * kColumns + j % kColumns) * kQuad;
    int32_t total = 0;
    for (int k = 0; k < quads(to.K) * kQuad; k++) {
        const float scaled = w != nullptr && k < to.K ? w[k * from.stride] * inverse : 0.0f;
        const int code = static_cast<int>(nearbyintf(fminf(fmaxf(scaled, -127.0f), 127.0f)));
        column[static_cast<ptrdiff_t>(k / kQuad) * kColumns * kQuad + k % kQuad] = static_cast<int8_t>(code);
        total += code;
    }
    to.scales[j] = top / 127.0f;
    to.starts[j] = -128 * total;
}

// ------------------------------------------------------------------------------------------------------------ rows
namespace {

ptrdiff_t row_bytes(int K) { return static_cast<ptrdiff_t>(ceil_div(K, 64)) * 64; }

}  // namespace

size_t quantized_rows_size(int rows, int K) {
    const size_t bytes = static_cast<size_t>(rows) * static_cast<size_t>(row_bytes(K));
    return bytes / sizeof(float) + static_cast<size_t>(ceil_div(rows, kLanes)) * kLanes;
}

QuantizedRows quantized_rows_at(float* block, int rows, int K) {
    return {reinterpret_cast<uint8_t*>(block), block + rows * row_bytes(K) / static_cast<ptrdiff_t>(sizeof(float)), row_bytes(K)};
}

void quantize(QuantizedRows to, int r, const float* x, int K) {
    Vec tops = zero();
    for (int k = 0; k < K; k += kLanes) {
        const Vec v = masked_load(x + k, K - k);
        tops = max(max(v, zero() - v), tops);  // a NaN is left out
    }
    const float greatest_of_all = greatest(tops), top = greatest_of_all < kLeast ? 0 : greatest_of_all;
    const Vec inverse = set(top > 0 ? 127.0f / top : 0.0f);
    uint8_t* bytes = to.bytes + r * to.stride;
    for (int k = 0; k < K; k += kLanes) {
        const Vec scaled = min(max(round(masked_load(x + k, K - k) * inverse), set(-127.0f)), set(127.0f));
        store_bytes(bytes + k, scaled + set(128.0f));
    }
    to.scales[r] = top / 127.0f;
}

// ------------------------------------------------------------------------------------------------------------ tiles
namespace {

// sums[r, j] = starts[j] + Σ_k bytes[r, k] code[k, j] for R rows and 64 columns.
using Tile = void (*)(int n_quads, const uint8_t* bytes, ptrdiff_t stride, const int8_t* panel, const int32_t* starts, int32_t* sums);

#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1
template <int R>
SEQWRIGHT_VNNI void tile_vnni(int n_quads, const uint8_t* bytes, ptrdiff_t stride, const int8_t* panel, const int32_t* starts,
                              int32_t* sums) {
    __m512i sum[R][4];
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < 4; v++) sum[r][v] = _mm512_loadu_si512(starts + v * kLanes);
    }
    for (int q = 0; q < n_quads; q++, panel += kColumns * kQuad, bytes += kQuad) {
        __m512i w[4];
        SEQWRIGHT_UNROLL
        for (int v = 0; v < 4; v++) w[v] = _mm512_loadu_si512(panel + v * 64);
        SEQWRIGHT_UNROLL
        for (int r = 0; r < R; r++) {
            int32_t four;
            memcpy(&four, bytes + r * stride, sizeof four);
            const __m512i x = _mm512_set1_epi32(four);
            SEQWRIGHT_UNROLL
            for (int v = 0; v < 4; v++) sum[r][v] = _mm512_dpbusd_epi32(sum[r][v], x, w[v]);
        }
    }
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < 4; v++) _mm512_storeu_si512(sums + r * kColumns + v * kLanes, sum[r][v]);
    }
}
#endif

#if defined(SEQWRIGHT_AVX_VNNI)
// The same with 256 bits, V vectors of 8 columns at a time.
template <int R, int V>
SEQWRIGHT_AVX_VNNI void tile_avx_vnni(int n_quads, const uint8_t* bytes, ptrdiff_t stride, const int8_t* panel, const int32_t* starts,
                                      int32_t* sums) {
    for (int j = 0; j < kColumns; j += V * 8) {
        __m256i sum[R][V];
        SEQWRIGHT_UNROLL
        for (int r = 0; r < R; r++) {
            SEQWRIGHT_UNROLL
            for (int v = 0; v < V; v++) sum[r][v] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(starts + j + v * 8));
        }
        for (int q = 0; q < n_quads; q++) {
            const __m256i* w = reinterpret_cast<const __m256i*>(panel + (static_cast<ptrdiff_t>(q) * kColumns + j) * kQuad);
            SEQWRIGHT_UNROLL
            for (int r = 0; r < R; r++) {
                int32_t four;
                memcpy(&four, bytes + r * stride + q * kQuad, sizeof four);
                const __m256i x = _mm256_set1_epi32(four);
                SEQWRIGHT_UNROLL
                for (int v = 0; v < V; v++) sum[r][v] = _mm256_dpbusd_avx_epi32(sum[r][v], x, _mm256_loadu_si256(w + v));
            }
        }
        SEQWRIGHT_UNROLL
        for (int r = 0; r < R; r++) {
            SEQWRIGHT_UNROLL
            for (int v = 0; v < V; v++)
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + r * kColumns + j + v * 8), sum[r][v]);
        }
    }
}

#endif

#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) <= 2
// Without vpdpbusd: |q| · (sign(q) w), since vpmaddubsw takes unsigned and signed bytes. Its sums of two products saturate
// beyond 32,767; these are at most 2 · 127².
template <int R, int V>
void tile_signs(int n_quads, const uint8_t* bytes, ptrdiff_t stride, const int8_t* panel, const int32_t*, int32_t* sums) {
    const __m256i ones = _mm256_set1_epi16(1), offset = _mm256_set1_epi8(-128);
    for (int j = 0; j < kColumns; j += V * 8) {
        __m256i sum[R][V];
        for (auto& row : sum)
            for (__m256i& element : row) element = _mm256_setzero_si256();
        for (int q = 0; q < n_quads; q++) {
            const __m256i* w = reinterpret_cast<const __m256i*>(panel + (static_cast<ptrdiff_t>(q) * kColumns + j) * kQuad);
            SEQWRIGHT_UNROLL
            for (int r = 0; r < R; r++) {
                int32_t four;
                memcpy(&four, bytes + r * stride + q * kQuad, sizeof four);
                const __m256i x = _mm256_xor_si256(_mm256_set1_epi32(four), offset), size = _mm256_abs_epi8(x);
                SEQWRIGHT_UNROLL
                for (int v = 0; v < V; v++) {
                    const __m256i two = _mm256_maddubs_epi16(size, _mm256_sign_epi8(_mm256_loadu_si256(w + v), x));
                    sum[r][v] = _mm256_add_epi32(sum[r][v], _mm256_madd_epi16(two, ones));
                }
            }
        }
        for (int r = 0; r < R; r++)
            for (int v = 0; v < V; v++)
                _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + r * kColumns + j + v * 8), sum[r][v]);
    }
}

Tile tile_of(int rows) {
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1
    static constexpr Tile vnni[] = {tile_vnni<1>, tile_vnni<2>, tile_vnni<3>, tile_vnni<4>, tile_vnni<5>, tile_vnni<6>};
    if (has_vnni()) return vnni[rows - 1];
#endif
#if defined(SEQWRIGHT_AVX_VNNI)
    static constexpr Tile avx_vnni[] = {tile_avx_vnni<1, 8>, tile_avx_vnni<2, 4>, tile_avx_vnni<3, 4>};
    if (has_avx_vnni()) return avx_vnni[rows - 1];
#endif
    return rows == 1 ? tile_signs<1, 8> : tile_signs<2, 4>;
}

int max_rows() {
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1
    if (has_vnni()) return kQuantizedMR;
#endif
#if defined(SEQWRIGHT_AVX_VNNI)
    if (has_avx_vnni()) return 3;
#endif
    return 2;
}

#else

void tile_bytes(int n_quads, const uint8_t* bytes, ptrdiff_t, const int8_t* panel, const int32_t* starts, int32_t* sums) {
    memcpy(sums, starts, kColumns * sizeof(int32_t));
    for (int q = 0; q < n_quads; q++, panel += kColumns * kQuad, bytes += kQuad)
        for (int j = 0; j < kColumns; j++)
            for (int i = 0; i < kQuad; i++) sums[j] += bytes[i] * panel[j * kQuad + i];
}

Tile tile_of(int) { return tile_bytes; }
int max_rows() { return 1; }

#endif

}  // namespace

void multiply_quantized(int first, int rows, QuantizedRows x, const QuantizedMatrix& w, int p, const float* start, ptrdiff_t start_stride, float* y,
                    ptrdiff_t ldy, int n) {
    const int8_t* panel = w.panels + static_cast<ptrdiff_t>(p) * quads(w.K) * kColumns * kQuad;
    const int most = max_rows();
    alignas(64) int32_t sums[kQuantizedMR * kColumns];
    for (int r = 0; r < rows; r += most) {
        const int some = smaller(most, rows - r);
        tile_of(some)(quads(w.K), x.bytes + (first + r) * x.stride, x.stride, panel, w.starts + p * kColumns, sums);
        for (int i = r; i < r + some; i++) {
            const Vec scale_x = set(x.scales[first + i]);
            for (int j = 0; j < n; j += kLanes) {
                const Vec scale_w = load(w.scales + p * kColumns + j);
                const Vec before = start == nullptr ? zero() : masked_load(start + i * start_stride + j, n - j);
                masked_store(y + i * ldy + j, fma(from_ints(sums + (i - r) * kColumns + j), scale_x * scale_w, before), n - j);
            }
        }
    }
}

}  // namespace seqwright::SEQWRIGHT_ISA
