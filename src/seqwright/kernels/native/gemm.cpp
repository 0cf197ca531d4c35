// Products of matrices in float32.
//
//   C[i, j] = start[i, j] + Σ_k A[i, k] B[k, j]
//
// Every element is one chain of fused multiply-adds in the order of k. Where the chain is interrupted (C is stored after
// kDeep steps and loaded again) a float is stored and loaded, so that tile sizes, threads and instruction sets leave no
// trace in the result.
#include "gemm.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

// ------------------------------------------------------------------------------------------------------- the tile
// R rows by one panel, summed in registers. A(r, k) = A[r·RS + k·KS].
template <int R, int RS, int KS>
void tile(int K, const float* SEQWRIGHT_RESTRICT A, const float* SEQWRIGHT_RESTRICT panel, const float* start,
          ptrdiff_t start_stride, float* C, ptrdiff_t ldc) {
    Vec sum[R][kWide];
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < kWide; v++)
            sum[r][v] = start == nullptr ? zero() : load(start + r * start_stride + v * kLanes);
    }
    for (int k = 0; k < K; k++, panel += kPanel, A += KS) {
        Vec b[kWide];
        SEQWRIGHT_UNROLL
        for (int v = 0; v < kWide; v++) b[v] = load(panel + v * kLanes);
        SEQWRIGHT_UNROLL
        for (int r = 0; r < R; r++) {
            const Vec a = set(A[r * RS]);
            SEQWRIGHT_UNROLL
            for (int v = 0; v < kWide; v++) sum[r][v] = fma(a, b[v], sum[r][v]);
        }
    }
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < kWide; v++) store(C + r * ldc + v * kLanes, sum[r][v]);
    }
}

using Tile = void (*)(int, const float*, const float*, const float*, ptrdiff_t, float*, ptrdiff_t);

template <int RS, int KS>
Tile tile_of(int rows) {
    switch (rows) {
        case 1: return tile<1, RS, KS>;
        case 2: return tile<2, RS, KS>;
        case 3: return tile<3, RS, KS>;
        case 4: return tile<4, RS, KS>;
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) != 4
        case 5: return tile<5, RS, KS>;
        case 6: return tile<6, RS, KS>;
#endif
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1
        case 7: return tile<7, RS, KS>;
        case 8: return tile<8, RS, KS>;
        case 9: return tile<9, RS, KS>;
        case 10: return tile<10, RS, KS>;
        case 11: return tile<11, RS, KS>;
        case 12: return tile<12, RS, KS>;
        case 13: return tile<13, RS, KS>;
        case 14: return tile<14, RS, KS>;
#endif
        default: return nullptr;
    }
}

// The same for n < kPanel columns: through a tile of full width, so that C is neither read nor written beyond them.
void narrow(Tile full, int R, int K, const float* A, const float* panel, const float* start, ptrdiff_t start_stride,
            float* C, ptrdiff_t ldc, int n) {
    alignas(64) float whole[kTall * kPanel];
    const size_t bytes = static_cast<size_t>(n) * sizeof(float);
    if (start != nullptr) {
        memset(whole, 0, sizeof whole);
        for (int r = 0; r < R; r++) memcpy(whole + r * kPanel, start + r * start_stride, bytes);
    }
    full(K, A, panel, start == nullptr ? nullptr : whole, kPanel, whole, kPanel);
    for (int r = 0; r < R; r++) memcpy(C + r * ldc, whole + r * kPanel, bytes);
}

}  // namespace

void multiply(int rows, int K, Rows A, const float* panel, const float* start, ptrdiff_t start_stride, float* C,
              ptrdiff_t ldc, int n) {
    const int blocks = ceil_div(rows, kTall);
    for (int k = 0; k < K || k == 0; k += kDeep) {
        const int deep = smaller(K - k, kDeep);
        const float* block = A.data + static_cast<ptrdiff_t>(k / kDeep) * A.pitch * kRowStride;
        const float* at = panel + static_cast<ptrdiff_t>(k) * kPanel;
        if (k > 0) {
            start = C;
            start_stride = ldc;
        }
        for (int i = 0; i < blocks; i++) {  // blocks of even height: 13 + 13 rows, not 14 + 12, nor 14 + 1
            const Range r = share(rows, blocks, i);
            const Tile full = tile_of<kRowStride, 1>(r.end - r.begin);
            const float* a = block + static_cast<ptrdiff_t>(r.begin) * kRowStride;
            const float* s = start == nullptr ? nullptr : start + r.begin * start_stride;
            if (n == kPanel)
                full(deep, a, at, s, start_stride, C + r.begin * ldc, ldc);
            else
                narrow(full, r.end - r.begin, deep, a, at, s, start_stride, C + r.begin * ldc, ldc, n);
        }
    }
}

// ------------------------------------------------------------------------------------------------------- packing
void pack_columns(const float* W, ptrdiff_t ldw, int K, int n, float* to) {
    if (n == kLanes)
        for (int k = 0; k < K; k++) store(to + static_cast<ptrdiff_t>(k) * kPanel, load(W + k * ldw));
    else
        for (int k = 0; k < K; k++) store(to + static_cast<ptrdiff_t>(k) * kPanel, load_n(W + k * ldw, n));
}

void pack_panel(const float* W, ptrdiff_t ldw, int K, int N, int p, float* to) {
    for (int v = 0; v < kWide; v++) {
        const int j = p * kPanel + v * kLanes;
        const int n = larger(0, smaller(N - j, kLanes));
        pack_columns(n > 0 ? W + j : W, ldw, K, n, to + v * kLanes);
    }
}

void pack_transposed_panel(const float* W, ptrdiff_t ldw, int K, int N, int p, float* to) {
    const int live = smaller(kPanel, N - p * kPanel);
    const float* rows = W + static_cast<ptrdiff_t>(p) * kPanel * ldw;
    constexpr int strip = 16;  // columns of W at a time: one cache line of each of its rows
    for (int k = 0; k < K; k += strip) {
        const int part = smaller(strip, K - k);
        float* at = to + static_cast<ptrdiff_t>(k) * kPanel;
        for (int j = 0; j < live; j++)
            for (int i = 0; i < part; i++) at[i * kPanel + j] = rows[j * ldw + k + i];
        if (live < kPanel)
            for (int i = 0; i < part; i++)
                memset(at + i * kPanel + live, 0, static_cast<size_t>(kPanel - live) * sizeof(float));
    }
}

// ------------------------------------------------------------------------------------------------- whole products
namespace {

constexpr double kWorth = 1 << 17;  // multiply-adds that pay for another thread: about 2 µs
constexpr int kBatch = 256;         // rows of A, and
constexpr int kStep = 2 * kDeep;    // columns of it, that stay in the second-level cache while all panels pass over them
constexpr int kColumns = 8192;      // columns packed at a time: bounds the memory for packed weights

template <typename Pack>
void by_panels(int M, int K, int N, const float* A, const Pack& pack, const float* bias, float* C, ptrdiff_t ldc) {
    const int count = panels(N);
    const ptrdiff_t size = static_cast<ptrdiff_t>(K) * kPanel;
    const double work = static_cast<double>(M) * N * K;
    float* packed = workspace(Slot::packed, static_cast<size_t>(size) * static_cast<size_t>(count));
    const int packers = tasks_for(static_cast<double>(K) * N, 1 << 15, count);
    parallel(packers, [&](int i) {
        const Range mine = share(count, packers, i);
        for (int p = mine.begin; p < mine.end; p++) pack(p, packed + p * size);
    });
    // Rows first: a thread with its own rows copies them once. Columns too where the rows are few.
    const int batches = larger(ceil_div(M, kBatch), smaller(tasks_for(work, kWorth, 1 << 20), ceil_div(M, 4 * kTall)));
    const int groups = larger(1, smaller(count, ceil_div(tasks_for(work, kWorth, 1 << 20), batches)));
    parallel(batches * groups, [&](int i) {
        const Range rows = share(M, batches, i / groups), mine = share(count, groups, i % groups);
        const int height = rows.end - rows.begin;
        const Rows a{workspace(Slot::rows, rows_size(height, kStep)), height};
        for (int k = 0; k < K || k == 0; k += kStep) {
            const int deep = smaller(kStep, K - k);
            for (int r = 0; r < height; r++) put(a, r, 0, A + static_cast<ptrdiff_t>(rows.begin + r) * K + k, deep);
            for (int p = mine.begin; p < mine.end; p++) {
                const int j = p * kPanel, n = smaller(kPanel, N - j);
                alignas(64) float first[kPanel] = {};
                if (bias != nullptr) memcpy(first, bias + j, static_cast<size_t>(n) * sizeof(float));
                float* c = C + rows.begin * ldc + j;
                const float* start = k > 0 ? c : bias == nullptr ? nullptr : first;
                multiply(height, deep, a, packed + p * size + static_cast<ptrdiff_t>(k) * kPanel, start,
                         k > 0 ? ldc : 0, c, ldc, n);
            }
        }
    });
}

}  // namespace

void matmul(int M, int K, int N, const float* A, const float* B, const float* bias, float* C) {
    if (M == 0 || N == 0) return;
    if (M <= kStreamed) {
        const int tasks = tasks_for(static_cast<double>(K) * N, 1 << 16, ceil_div(N, 64));
        parallel(tasks, [&](int i) {
            const Range mine = share(N, tasks, i, 64);
            for (int m = 0; m < M; m++) {
                float* row = C + static_cast<ptrdiff_t>(m) * N + mine.begin;
                const size_t bytes = static_cast<size_t>(mine.end - mine.begin) * sizeof(float);
                if (bias != nullptr) memcpy(row, bias + mine.begin, bytes);
                else memset(row, 0, bytes);
            }
            stream(M, K, mine.end - mine.begin, A, K, B + mine.begin, N, C + mine.begin, N);
        });
        return;
    }
    for (int j = 0; j < N; j += kColumns) {
        const int n = smaller(kColumns, N - j);
        by_panels(M, K, n, A, [&](int p, float* to) { pack_panel(B + j, N, K, n, p, to); },
                  bias == nullptr ? nullptr : bias + j, C + j, N);
    }
}

void matmul_transposed(int M, int K, int N, const float* A, const float* B, float* C) {
    if (M == 0 || N == 0) return;
    by_panels(M, K, N, A, [&](int p, float* to) { pack_transposed_panel(B, K, K, N, p, to); }, nullptr, C, N);
}

void add_outer(int K, TallRows A, int N, const float* B, float* C_x, float* C_h, float* total) {
    const int M = A.width_x + A.width_h;
    if (N == 0 || K == 0) return;
    const int count = panels(N);
    const double work = static_cast<double>(M) * N * K;
    const int wanted = tasks_for(work, kWorth, 1 << 20);
    const int groups = smaller(count, wanted);                                           // of columns
    const int stripes = larger(1, smaller(ceil_div(wanted, groups), ceil_div(M, kTall)));  // of rows, for a narrow N
    const int tiles_x = ceil_div(A.width_x, kTall), tiles_h = ceil_div(A.width_h, kTall);
    constexpr int tall = 32;  // tiles of A packed at a time: 32 · 14 · 256 floats, half of the second-level cache
    parallel(groups * stripes, [&](int task) {
        const Range columns = share(count, groups, task / stripes);
        const Range all_tiles = share(tiles_x + tiles_h, stripes, task % stripes);
        float* panel = workspace(Slot::panel, static_cast<size_t>(kDeep) * kPanel);
        float* packed = workspace(Slot::rows, static_cast<size_t>(tall) * kTall * kDeep);
        for (int k = 0; k < K; k += kDeep) {
            const int deep = smaller(kDeep, K - k);
            for (int first = all_tiles.begin; first < larger(all_tiles.end, all_tiles.begin + 1); first += tall) {
                const Range tiles{first, smaller(first + tall, all_tiles.end)};
                for (int t = tiles.begin; t < tiles.end; t++) {
                    const bool of_x = t < tiles_x;
                    const int width = of_x ? A.width_x : A.width_h, at = (of_x ? t : t - tiles_x) * kTall;
                    const float* from = (of_x ? A.x : A.h) + static_cast<ptrdiff_t>(k) * width + at;
                    float* to = packed + static_cast<ptrdiff_t>(t - first) * kTall * kDeep;
                    const int live = smaller(kTall, width - at);
                    if (live == kTall)
                        for (int i = 0; i < deep; i++)
                            memcpy(to + i * kTall, from + static_cast<ptrdiff_t>(i) * width, kTall * sizeof(float));
                    else
                        for (int i = 0; i < deep; i++)
                            memcpy(to + i * kTall, from + static_cast<ptrdiff_t>(i) * width,
                                   static_cast<size_t>(live) * sizeof(float));
                }
                for (int p = columns.begin; p < columns.end; p++) {
                    const int j = p * kPanel, n = smaller(kPanel, N - j);
                    const float* b = B + static_cast<ptrdiff_t>(k) * N;
                    pack_panel(b, N, deep, N, p, panel);
                    if (total != nullptr && first == 0) {
                        alignas(64) float column[kPanel] = {};
                        memcpy(column, total + j, static_cast<size_t>(n) * sizeof(float));
                        Vec s[kWide];
                        for (int v = 0; v < kWide; v++) s[v] = load(column + v * kLanes);
                        for (int i = 0; i < deep; i++)
                            for (int v = 0; v < kWide; v++) s[v] = s[v] + load(panel + i * kPanel + v * kLanes);
                        for (int v = 0; v < kWide; v++) store(column + v * kLanes, s[v]);
                        memcpy(total + j, column, static_cast<size_t>(n) * sizeof(float));
                    }
                    for (int t = tiles.begin; t < tiles.end; t++) {
                        const bool of_x = t < tiles_x;
                        const int width = of_x ? A.width_x : A.width_h, at = (of_x ? t : t - tiles_x) * kTall;
                        const int live = smaller(kTall, width - at);
                        float* c = (of_x ? C_x : C_h) + static_cast<ptrdiff_t>(at) * N + j;
                        const float* a = packed + static_cast<ptrdiff_t>(t - first) * kTall * kDeep;
                        const Tile full = tile_of<1, kTall>(live);
                        if (n == kPanel) full(deep, a, panel, c, N, c, N);
                        else narrow(full, live, deep, a, panel, c, N, c, N, n);
                    }
                }
            }
        }
    });
}

// ------------------------------------------------------------------------------------------------------ streaming
namespace {

// Eight rows of B at a time, over all columns: B is read in eight sequential streams, which is what the prefetchers like
// best, and C (a few kB) stays in the first-level cache between the passes.
template <int M, int DEEP>
void stream_rows(int N, const float* A, ptrdiff_t lda, const float* B, ptrdiff_t ldb, float* C, ptrdiff_t ldc) {
    int j = 0;
    for (; j + kLanes <= N; j += kLanes) {
        Vec c[M];
        SEQWRIGHT_UNROLL
        for (int m = 0; m < M; m++) c[m] = load(C + m * ldc + j);
        SEQWRIGHT_UNROLL
        for (int k = 0; k < DEEP; k++) {
            const Vec b = load(B + k * ldb + j);
            SEQWRIGHT_UNROLL
            for (int m = 0; m < M; m++) c[m] = fma(set(A[m * lda + k]), b, c[m]);
        }
        SEQWRIGHT_UNROLL
        for (int m = 0; m < M; m++) store(C + m * ldc + j, c[m]);
    }
    if (j < N)
        for (int m = 0; m < M; m++) {
            Vec c = load_n(C + m * ldc + j, N - j);
            for (int k = 0; k < DEEP; k++) c = fma(set(A[m * lda + k]), load_n(B + k * ldb + j, N - j), c);
            store_n(C + m * ldc + j, c, N - j);
        }
}

template <int M>
void stream_columns(int K, int N, const float* A, ptrdiff_t lda, const float* B, ptrdiff_t ldb, float* C,
                    ptrdiff_t ldc) {
    int k = 0;
    for (; k + 8 <= K; k += 8) stream_rows<M, 8>(N, A + k, lda, B + k * ldb, ldb, C, ldc);
    for (; k < K; k++) stream_rows<M, 1>(N, A + k, lda, B + k * ldb, ldb, C, ldc);
}

}  // namespace

void stream(int M, int K, int N, const float* A, ptrdiff_t lda, const float* B, ptrdiff_t ldb, float* C, ptrdiff_t ldc) {
    for (; M >= 4; M -= 4, A += 4 * lda, C += 4 * ldc) stream_columns<4>(K, N, A, lda, B, ldb, C, ldc);
    if (M == 3) stream_columns<3>(K, N, A, lda, B, ldb, C, ldc);
    if (M == 2) stream_columns<2>(K, N, A, lda, B, ldb, C, ldc);
    if (M == 1) stream_columns<1>(K, N, A, lda, B, ldb, C, ldc);
}

}  // namespace seqwright::SEQWRIGHT_ISA
