// Products of matrices in float32.
//
//   C[i, j] = start[i, j] + Σ_k A[i, k] B[k, j]
//
// Every element is one chain of fused multiply-adds in the order of k. Where the chain is interrupted (C is stored after
// kKC steps and loaded again) a float is stored and loaded, so that the result does not depend on tile sizes, threads or
// instruction sets.
//
// The tile. AVX-512: 14 rows by 2 vectors, 28 sums in registers. On one core of an AMD EPYC (Zen 5), GCC 12.2, in
// GFLOP/s with everything in the first-level cache, where the processor's limit is 249:
//
//   rows × vectors      14 × 2   13 × 2   12 × 2   8 × 3   9 × 3   6 × 4   7 × 4   24 × 1
//                          248      243      244     244     240     241     232      152
//
// In place (one thread): 235 in the steps of an LSTM (128 rows, 384 deep, 1024 columns), 204 for weight gradients, 199 for
// (1280, 512) × (512, 8000) with the packing; OpenBLAS 97 to 110 and MKL in PyTorch 99 there. AVX2 reaches 95 to 110.
// What helped, in the steps of an LSTM with H = 512, whose weights stream from the third-level cache: fetching the next
// part of the panel while this one is multiplied, 184 → 203. For weight gradients: reading B by the kilobyte instead of one
// panel at a time, and A in the order of memory, 180 → 196; tiles of even height, → 204. Rows of A are copied into blocks
// with a constant stride (1 % of the time): rows 4 kB apart otherwise share one set of the first-level cache.
//
// Packing is a tenth of a training step with 32 rows. Transposed by single floats it took 0.8 ns a weight, in registers and
// with the next columns fetched ahead 0.25.
#include "gemm.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

// ------------------------------------------------------------------------------------------------------- the tile
// What to fetch while a tile is summed: `step` floats for each k.
struct Ahead {
    const float* at;
    int step;
};

// R rows by one panel, summed in registers. A(r, k) = A[r·RS + k·KS].
template <int R, int RS, int KS>
void tile(int K, const float* SEQWRIGHT_RESTRICT A, const float* SEQWRIGHT_RESTRICT panel, const float* start,
          ptrdiff_t start_stride, float* C, ptrdiff_t ldc, Ahead ahead) {
    Vec sum[R][kVectors];
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < kVectors; v++)
            sum[r][v] = start == nullptr ? zero() : load(start + r * start_stride + v * kLanes);
    }
    for (int k = 0; k < K; k++, panel += kNR, A += KS, ahead.at += ahead.step) {
        prefetch(ahead.at);
        Vec b[kVectors];
        SEQWRIGHT_UNROLL
        for (int v = 0; v < kVectors; v++) b[v] = load(panel + v * kLanes);
        SEQWRIGHT_UNROLL
        for (int r = 0; r < R; r++) {
            const Vec a = set(A[r * RS]);
            SEQWRIGHT_UNROLL
            for (int v = 0; v < kVectors; v++) sum[r][v] = fma(a, b[v], sum[r][v]);
        }
    }
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < kVectors; v++) store(C + r * ldc + v * kLanes, sum[r][v]);
    }
}

using Tile = void (*)(int, const float*, const float*, const float*, ptrdiff_t, float*, ptrdiff_t, Ahead);

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

// The same for n < kNR columns: through a tile of full width, so that C is neither read nor written beyond them.
void narrow(Tile full, int R, int K, const float* A, const float* panel, const float* start, ptrdiff_t start_stride,
            float* C, ptrdiff_t ldc, int n, Ahead ahead) {
    alignas(64) float whole[kMR * kNR];
    const size_t bytes = static_cast<size_t>(n) * sizeof(float);
    if (start != nullptr) {
        memset(whole, 0, sizeof whole);
        for (int r = 0; r < R; r++) memcpy(whole + r * kNR, start + r * start_stride, bytes);
    }
    full(K, A, panel, start == nullptr ? nullptr : whole, kNR, whole, kNR, ahead);
    for (int r = 0; r < R; r++) memcpy(C + r * ldc, whole + r * kNR, bytes);
}

}  // namespace

void multiply(int rows, int K, Rows A, const float* panel, const float* start, ptrdiff_t start_stride, float* C,
              ptrdiff_t ldc, int n) {
    if (rows == 0) return;  // there is no block to share the prefetching
    const int blocks = ceil_div(rows, kMR);
    for (int k = 0; k < K || k == 0; k += kKC) {
        const int deep = smaller(K - k, kKC);
        const float* block = A.data + static_cast<ptrdiff_t>(k / kKC) * A.pitch * kRowStride;
        const float* at = panel + static_cast<ptrdiff_t>(k) * kNR;
        if (k > 0) {
            start = C;
            start_stride = ldc;
        }
        const int share_of_k = ceil_div(kNR, blocks);
        const ptrdiff_t part = static_cast<ptrdiff_t>(share_of_k) * deep;
        for (int i = 0; i < blocks; i++) {  // blocks of even height: 13 + 13 rows, not 14 + 12, nor 14 + 1
            const Range r = share(rows, blocks, i);
            const Tile full = tile_of<kRowStride, 1>(r.end - r.begin);
            const float* a = block + static_cast<ptrdiff_t>(r.begin) * kRowStride;
            const float* s = start == nullptr ? nullptr : start + r.begin * start_stride;
            // The next rows of this panel, or the first of the next one, follow these: each block of rows fetches
            // its part of them. Beyond the last panel this runs off the buffer, which prefetching may.
            const Ahead ahead{at + static_cast<ptrdiff_t>(deep) * kNR + i * part, share_of_k};
            if (n == kNR)
                full(deep, a, at, s, start_stride, C + r.begin * ldc, ldc, ahead);
            else
                narrow(full, r.end - r.begin, deep, a, at, s, start_stride, C + r.begin * ldc, ldc, n, ahead);
        }
    }
}

namespace {

// R rows by P panels `size` apart. A tile of few rows and one panel has fewer sums than additions can be in flight, so that
// each would wait for the one before. The panels are left to the hardware's prefetcher: fetching the next ones here made one
// row slower by a quarter.
template <int R, int P>
void wide_tile(int K, const float* SEQWRIGHT_RESTRICT A, const float* SEQWRIGHT_RESTRICT panel, ptrdiff_t size, const float* start,
               ptrdiff_t start_stride, float* C, ptrdiff_t ldc) {
    constexpr int N = P * kVectors;
    Vec sum[R][N];
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < N; v++) sum[r][v] = start == nullptr ? zero() : load(start + r * start_stride + v * kLanes);
    }
    for (int k = 0; k < K; k++, panel += kNR, A++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < N; v++) {
            const Vec b = load(panel + v / kVectors * size + v % kVectors * kLanes);
            SEQWRIGHT_UNROLL
            for (int r = 0; r < R; r++) sum[r][v] = fma(set(A[r * kRowStride]), b, sum[r][v]);
        }
    }
    SEQWRIGHT_UNROLL
    for (int r = 0; r < R; r++) {
        SEQWRIGHT_UNROLL
        for (int v = 0; v < N; v++) store(C + r * ldc + v * kLanes, sum[r][v]);
    }
}

// Groups of P panels from panel p on, as long as they are whole; return the next panel.
template <int R, int P>
int wide_tiles(int p, int K, Rows A, const float* panels, ptrdiff_t size, const float* start, ptrdiff_t start_stride, float* C,
               ptrdiff_t ldc, int whole) {
    for (; p + P <= whole; p += P) {
        float* c = C + p * kNR;
        for (int k = 0; k < K || k == 0; k += kKC) {
            const int deep = smaller(K - k, kKC);
            const float* at = panels + p * size + static_cast<ptrdiff_t>(k) * kNR;
            const float* first = k > 0 ? c : start == nullptr ? nullptr : start + p * kNR;
            wide_tile<R, P>(deep, A.data + static_cast<ptrdiff_t>(k / kKC) * A.pitch * kRowStride, at, size, first,
                            k > 0 ? ldc : start_stride, c, ldc);
        }
    }
    return p;
}

}  // namespace

void multiply_panels(int rows, int K, Rows A, const float* panels, ptrdiff_t size, const float* start, ptrdiff_t start_stride,
                     float* C, ptrdiff_t ldc, int N) {
    const int whole = N / kNR;
    int p = 0;
    if (rows == 1) p = wide_tiles<1, 4>(p, K, A, panels, size, start, start_stride, C, ldc, whole);
    if (rows == 1) p = wide_tiles<1, 2>(p, K, A, panels, size, start, start_stride, C, ldc, whole);
    if (rows == 2) p = wide_tiles<2, 2>(p, K, A, panels, size, start, start_stride, C, ldc, whole);
    if (rows == 3) p = wide_tiles<3, 2>(p, K, A, panels, size, start, start_stride, C, ldc, whole);
    for (; p * kNR < N; p++)
        multiply(rows, K, A, panels + p * size, start == nullptr ? nullptr : start + p * kNR, start_stride, C + p * kNR, ldc,
                 smaller(kNR, N - p * kNR));
}

// ------------------------------------------------------------------------------------------------------- packing
namespace {

constexpr int kNext = 8;  // rows ahead to prefetch: they are pages apart, beyond the hardware prefetcher

}  // namespace

void pack_vectors(const float* W, ptrdiff_t ldw, int K, int n, int vectors, float* const* to) {
    const int whole = smaller(vectors, n / kLanes);
    for (int k = 0; k < K; k++, W += ldw) {
        const ptrdiff_t at = static_cast<ptrdiff_t>(k) * kNR;
        for (int v = 0; v < whole; v++) {
            prefetch(W + kNext * ldw + v * kLanes);
            store(to[v] + at, load(W + v * kLanes));
        }
        for (int v = whole; v < vectors; v++) {
            const int left = n - v * kLanes;
            store(to[v] + at, left > 0 ? load_n(W + v * kLanes, left) : zero());
        }
    }
}

void pack_panels(const float* W, ptrdiff_t ldw, int K, int N, Range panels, float* to, ptrdiff_t size) {
    const int first = panels.begin * kVectors, last = panels.end * kVectors;
    for (int v = first; v < last; v += kRun) {
        float* at[kRun];
        const int vectors = smaller(kRun, last - v);
        for (int i = 0; i < vectors; i++)
            at[i] = to + ((v + i) / kVectors - panels.begin) * size + (v + i) % kVectors * kLanes;
        const int n = larger(0, N - v * kLanes);
        pack_vectors(n > 0 ? W + v * kLanes : W, ldw, K, n, vectors, at);
    }
}

void pack_panel(const float* W, ptrdiff_t ldw, int K, int N, int p, float* to) {
    pack_panels(W, ldw, K, N, {p, p + 1}, to, 0);
}

void pack_transposed_panel(const float* W, ptrdiff_t ldw, int K, int N, int p, float* to) {
    for (int v = 0; v < kVectors; v++) {
        const int j = p * kNR + v * kLanes, live = larger(0, smaller(N - j, kLanes));
        for (int k = 0; k < K; k += kLanes) {
            const int part = smaller(kLanes, K - k);
            Vec rows[kLanes];
            for (int r = 0; r < kLanes; r++) rows[r] = r < live ? masked_load(W + (j + r) * ldw + k, part) : zero();
            // The next columns of these rows, which are pages apart, beyond the hardware prefetcher.
            for (int r = 0; r < live; r++) prefetch(W + (j + r) * ldw + k + 2 * kLanes);
            transpose(rows);
            for (int i = 0; i < part; i++) store(to + static_cast<ptrdiff_t>(k + i) * kNR + v * kLanes, rows[i]);
        }
    }
}

// ------------------------------------------------------------------------------------------------- whole products
namespace {

constexpr double kWorth = 1 << 17;  // multiply-adds that pay for another thread: about 2 µs
constexpr int kBatch = 256;         // rows of A, and
constexpr int kStep = 2 * kKC;    // columns of it, that stay in the second-level cache while all panels pass over them
constexpr int kColumns = 8192;      // columns packed at a time: bounds the memory for packed weights

template <typename Pack>
void by_panels(int M, int K, int N, const float* A, const Pack& pack, const float* bias, float* C, ptrdiff_t ldc, bool add) {
    const int count = panels(N);
    const ptrdiff_t size = static_cast<ptrdiff_t>(K) * kNR;
    const double work = static_cast<double>(M) * N * K;
    float* packed = workspace(Slot::packed, static_cast<size_t>(size) * static_cast<size_t>(count));
    const auto multiply_some = [&](Range rows, Range mine) {
        const int height = rows.end - rows.begin;
        const Rows a{workspace(Slot::rows, rows_size(height, kStep)), height};
        for (int k = 0; k < K || k == 0; k += kStep) {
            const int deep = smaller(kStep, K - k);
            for (int r = 0; r < height; r++) put(a, r, 0, A + static_cast<ptrdiff_t>(rows.begin + r) * K + k, deep);
            for (int p = mine.begin; p < mine.end; p++) {
                const int j = p * kNR, n = smaller(kNR, N - j);
                alignas(64) float first[kNR] = {};
                if (bias != nullptr) memcpy(first, bias + j, static_cast<size_t>(n) * sizeof(float));
                float* c = C + rows.begin * ldc + j;
                const bool go_on = k > 0 || add;
                const float* start = go_on ? c : bias == nullptr ? nullptr : first;
                multiply(height, deep, a, packed + p * size + static_cast<ptrdiff_t>(k) * kNR, start,
                         go_on ? ldc : 0, c, ldc, n);
            }
        }
    };
    const int workers = tasks_for(work, kWorth, 1 << 20);
    // Each thread some columns, which it packs: they meet once, and none reads what another core has just written.
    if (M <= 2 * N && (count % workers == 0 || count >= 16 * workers)) {
        parallel(workers, [&](int i) {
            const Range mine = share(count, workers, i);
            pack(mine, packed + mine.begin * size, size);
            const int batches = ceil_div(M, kBatch);
            for (int batch = 0; batch < batches; batch++) multiply_some(share(M, batches, batch), mine);
        });
        return;
    }
    const int packers = tasks_for(static_cast<double>(K) * N, 1 << 15, count);
    parallel(packers, [&](int i) {
        const Range mine = share(count, packers, i);
        pack(mine, packed + mine.begin * size, size);
    });
    // Rows first: a thread with its own rows copies them once. Columns too where the rows are few. Never three tasks for two.
    const int batches = M <= 4 * kMR * workers ? ceil_div(M, 4 * kMR) : ceil_div(ceil_div(M, kBatch), workers) * workers;
    const int groups = smaller(count, ceil_div(workers, batches));
    parallel(batches * groups, [&](int i) { multiply_some(share(M, batches, i / groups), share(count, groups, i % groups)); });
}

}  // namespace

void matmul(int M, int K, int N, const float* A, const float* B, const float* bias, float* C) {
    if (M == 0 || N == 0) return;
    if (M <= kStreamedOnce) {
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
        by_panels(M, K, n, A, [&](Range mine, float* to, ptrdiff_t size) { pack_panels(B + j, N, K, n, mine, to, size); },
                  bias == nullptr ? nullptr : bias + j, C + j, N, false);
    }
}

void matmul_transposed(int M, int K, int N, const float* A, const float* B, const float* bias, float* C, ptrdiff_t ldc, bool add) {
    if (M == 0 || N == 0) return;
    for (int j = 0; j < N; j += kColumns) {
        const int n = smaller(kColumns, N - j);
        const float* rows = B + static_cast<ptrdiff_t>(j) * K;
        const auto pack = [&](Range mine, float* to, ptrdiff_t size) {
            for (int p = mine.begin; p < mine.end; p++, to += size) pack_transposed_panel(rows, K, K, n, p, to);
        };
        by_panels(M, K, n, A, pack,
                  bias == nullptr ? nullptr : bias + j, C + j, ldc, add);
    }
}

namespace {

constexpr int kGroup = 256 / kNR;

constexpr int kTiles = 768 / kMR;  // tiles of A packed at a time: B is packed anew for each of them

struct Chosen {  // row k is row at[k], or first + k
    const int* at;
    int first;
    Chosen from(int k) const { return {at == nullptr ? nullptr : at + k, first + k}; }
    ptrdiff_t operator[](int k) const { return at == nullptr ? first + k : at[k]; }
};

// Tiles [first, last) of `tiles` even cuts of the columns of A (K, width), whose rows lie `row` apart: kMR values of each
// row next to each other, of which a lower tile uses the first.
void pack_tiles(int K, const float* all, Chosen rows, ptrdiff_t row, int width, int tiles, int first, int last, float* to) {
    Range columns[kTiles];
    for (int t = first; t < last; t++) columns[t - first] = share(width, tiles, t);
    for (int k = 0; k < K; k++, to += kMR) {
        const float* A = all + rows[k] * row;
        for (int t = 0; t < last - first; t++) {
            float* at = to + static_cast<ptrdiff_t>(t) * kMR * kKC;
            const Range c = columns[t];
            if (c.begin + kMR <= width) memcpy(at, A + c.begin, kMR * sizeof(float));  // a constant size is faster
            else memcpy(at, A + c.begin, static_cast<size_t>(c.end - c.begin) * sizeof(float));
        }
    }
}

void pack_group(const float* B, Chosen rows, int N, int K, int first, int last, float* to) {
    for (int k = 0; k < K; k++) {
        const float *row = B + rows[k] * N, *next = B + rows[smaller(k + kNext, K - 1)] * N;
        for (int p = first; p < last; p++) {
            float* at = to + (static_cast<ptrdiff_t>(p - first) * kKC + k) * kNR;
            for (int v = 0; v < kVectors; v++) {
                const int j = p * kNR + v * kLanes;
                prefetch(next + j);
                if (j + kLanes <= N) store(at + v * kLanes, load(row + j));
                else store(at + v * kLanes, j < N ? load_n(row + j, N - j) : zero());
            }
        }
    }
}

// total += the rows of a panel, in order.
void add_rows(int K, const float* panel, int n, float* total) {
    alignas(64) float row[kNR] = {};
    memcpy(row, total, static_cast<size_t>(n) * sizeof(float));
    Vec sum[kVectors];
    for (int v = 0; v < kVectors; v++) sum[v] = load(row + v * kLanes);
    for (int k = 0; k < K; k++)
        for (int v = 0; v < kVectors; v++) sum[v] = sum[v] + load(panel + k * kNR + v * kLanes);
    for (int v = 0; v < kVectors; v++) store(row + v * kLanes, sum[v]);
    memcpy(total, row, static_cast<size_t>(n) * sizeof(float));
}

}  // namespace

void add_outer(int K, TallRows A, int N, const float* B, float* C_x, float* C_h, float* total, const int* chosen) {
    const int M = A.width_x + A.width_h;
    if (N == 0 || K == 0) return;
    const int count = panels(N);
    const double work = static_cast<double>(M) * N * K;
    const int wanted = tasks_for(work, kWorth, 1 << 20);
    // Who has some columns of C packs all of A for them, who has some rows packs all of B: the wider one is cut.
    const int rows = larger(1, ceil_div(M, kMR));
    const int stripes = M > N ? smaller(rows, wanted) : smaller(rows, ceil_div(wanted, smaller(count, wanted)));
    const int groups = smaller(count, ceil_div(wanted, stripes));
    const int tiles_x = ceil_div(A.width_x, kMR), tiles_h = ceil_div(A.width_h, kMR);
    struct Element {
        float* at;
        int rows;
    };
    const auto element = [&](int t, int j) {  // of C: where tile t begins in column j, and how many rows it has
        const bool of_x = t < tiles_x;
        const Range rows = of_x ? share(A.width_x, tiles_x, t) : share(A.width_h, tiles_h, t - tiles_x);
        return Element{(of_x ? C_x : C_h) + static_cast<ptrdiff_t>(rows.begin) * N + j, rows.end - rows.begin};
    };
    parallel(groups * stripes, [&](int task) {
        const Range columns = share(count, groups, task / stripes);
        const Range all_tiles = share(tiles_x + tiles_h, stripes, task % stripes);
        float* group = workspace(Slot::panel, static_cast<size_t>(kGroup) * kKC * kNR);
        float* packed = workspace(Slot::rows, static_cast<size_t>(kTiles) * kMR * kKC);
        for (int k = 0; k < K; k += kKC) {
            const int deep = smaller(kKC, K - k);
            const Chosen at = Chosen{chosen, 0}.from(k);
            for (int first = all_tiles.begin; first < larger(all_tiles.end, all_tiles.begin + 1); first += kTiles) {
                const Range tiles{first, smaller(first + kTiles, all_tiles.end)};
                const int end_x = smaller(tiles.end, tiles_x), begin_h = larger(tiles.begin, tiles_x);
                if (tiles.begin < end_x)
                    pack_tiles(deep, A.x, at, A.row_x, A.width_x, tiles_x, tiles.begin, end_x, packed);
                if (begin_h < tiles.end)
                    pack_tiles(deep, A.h, at, A.row_h, A.width_h, tiles_h, begin_h - tiles_x,
                               tiles.end - tiles_x, packed + static_cast<ptrdiff_t>(begin_h - first) * kMR * kKC);
                for (int p = columns.begin; p < columns.end; p++) {
                    // Packed in groups, so that a row of B is read by the kilobyte.
                    const int in_group = (p - columns.begin) % kGroup;
                    if (in_group == 0)
                        pack_group(B, at, N, deep, p, smaller(p + kGroup, columns.end), group);
                    const float* panel = group + static_cast<ptrdiff_t>(in_group) * kKC * kNR;
                    const int j = p * kNR, n = smaller(kNR, N - j);
                    if (total != nullptr && first == 0) add_rows(deep, panel, n, total + j);
                    for (int t = tiles.begin; t < tiles.end; t++) {
                        const auto [c, live] = element(t, j);
                        if (t + 1 < tiles.end) {
                            const auto [next, rows] = element(t + 1, j);
                            for (int r = 0; r < rows; r++)
                                for (int v = 0; v < kVectors; v++) prefetch(next + static_cast<ptrdiff_t>(r) * N + v * kLanes);
                        }
                        const float* a = packed + static_cast<ptrdiff_t>(t - first) * kMR * kKC;
                        const Tile full = tile_of<1, kMR>(live);
                        if (n == kNR) full(deep, a, panel, c, N, c, N, {panel, 0});
                        else narrow(full, live, deep, a, panel, c, N, c, N, n, {panel, 0});
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
