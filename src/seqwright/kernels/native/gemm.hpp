// Building blocks of matrix products; see gemm.cpp.
#pragma once

#include "pool.hpp"
#include "simd.hpp"
#include "workspace.hpp"

namespace seqwright::SEQWRIGHT_ISA {

// A panel is the width of a register tile: kNR columns, kVectors vectors; a tile has at most kMR rows (names as in BLIS,
// Van Zee & van de Geijn 2015). kMR · kVectors sums, kVectors vectors of the panel and one broadcast fill the registers:
// 14·2 + 2 + 1 of 32 zmm, (6 + 1)·2 + 1 of 16 ymm.
#if SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 1
constexpr int kMR = 14, kVectors = 2;
#elif SEQWRIGHT_NUMBER(SEQWRIGHT_ISA) == 4
constexpr int kMR = 4, kVectors = 1;
#else
constexpr int kMR = 6, kVectors = 1;
#endif
constexpr int kNR = kVectors * kLanes;

// Rows of the left factor are copied into blocks of kKC columns whose row stride is a constant: the tile then addresses
// all its rows from one register, and rows with a power of two as stride do not compete for one cache set.
constexpr int kKC = 256, kRowStride = kKC + kLanes;

SEQWRIGHT_INLINE int ceil_div(int a, int b) { return (a + b - 1) / b; }
SEQWRIGHT_INLINE int smaller(int a, int b) { return a < b ? a : b; }
SEQWRIGHT_INLINE int larger(int a, int b) { return a > b ? a : b; }
SEQWRIGHT_INLINE int lanes_left(size_t n, size_t i) { return n - i < kLanes ? static_cast<int>(n - i) : kLanes; }
SEQWRIGHT_INLINE int panels(int N) { return ceil_div(N, kNR); }

// for (i in [0, tasks)) f(i), on the pool.
template <typename F>
inline void parallel(int tasks, const F& f) {
    if (tasks == 1) return f(0);
    run_tasks(tasks, [](void* context, int i) { (*static_cast<const F*>(context))(i); }, const_cast<F*>(&f));
}

// How many tasks to cut `work` into, at most `most`: one for each thread, unless there is too little to pay for waking them.
inline int tasks_for(double work, double worth_a_task, int most) {
    int n = threads();
    if (work < n * worth_a_task) n = static_cast<int>(work / worth_a_task);
    return larger(1, smaller(n, most));
}

// The i-th of n ranges that cut [0, size) as evenly as whole units allow.
struct Range {
    int begin, end;
};
SEQWRIGHT_INLINE Range share(int size, int n, int i, int unit = 1) {
    const int units = ceil_div(size, unit);
    const auto at = [&](int k) { return smaller(size, static_cast<int>(static_cast<int64_t>(units) * k / n) * unit); };
    return {at(i), at(i + 1)};
}

// ------------------------------------------------------------------------------------------------ rows in blocks
struct Rows {  // of the left factor, copied; row r, column k is at data[(k / kKC * pitch + r) * kRowStride + k % kKC]
    float* data;
    int pitch;  // rows in each block
};

inline size_t rows_size(int rows, int K) {
    return static_cast<size_t>(larger(1, ceil_div(K, kKC))) * static_cast<size_t>(rows) * kRowStride;
}

// Put x[0:n] at columns [k, k + n) of row r.
inline void put(Rows to, int r, int k, const float* x, int n) {
    while (n > 0) {
        const int inside = k % kKC, part = smaller(n, kKC - inside);
        memcpy(to.data + (static_cast<ptrdiff_t>(k / kKC) * to.pitch + r) * kRowStride + inside, x,
               static_cast<size_t>(part) * sizeof(float));
        x += part;
        k += part;
        n -= part;
    }
}

// ------------------------------------------------------------------------------------------------ panels of weights
// Panel p holds columns [p·kNR, (p + 1)·kNR) of a (K, N) matrix, all K rows of them, zeros beyond N.
void pack_panel(const float* W, ptrdiff_t ldw, int K, int N, int p, float* to);             // of W (K, N)
void pack_transposed_panel(const float* W, ptrdiff_t ldw, int K, int N, int p, float* to);  // of Wᵀ, W (N, K)
// Panels [first, last) of W, to `to`, to + size, …: some at a time, so that rows of W are read by half a kilobyte.
void pack_panels(const float* W, ptrdiff_t ldw, int K, int N, Range panels, float* to, ptrdiff_t size);
constexpr int kRun = 8;
// Up to kRun vectors from adjacent columns of W, of which n exist, zeros beyond: row k of vector v to to[v] + k · kNR.
void pack_vectors(const float* W, ptrdiff_t ldw, int K, int n, int vectors, float* const* to);

// C[0:rows, 0:n] = start + A · panel, n <= kNR. `start` is a row that every row begins with (start_stride 0), a matrix
// (C itself, to go on summing), or null for zeros. Columns of C beyond n are not touched.
void multiply(int rows, int K, Rows A, const float* panel, const float* start, ptrdiff_t start_stride, float* C,
              ptrdiff_t ldc, int n);

// C[0:rows, 0:N] = start + A · W, the same for all panels of W (K, N), which lie `size` apart; a row of start has N floats.
void multiply_panels(int rows, int K, Rows A, const float* panels, ptrdiff_t size, const float* start, ptrdiff_t start_stride,
                     float* C, ptrdiff_t ldc, int N);

// ------------------------------------------------------------------------------------------------- whole products
// All of them cut their work over the pool. Each element of C is one chain of fused multiply-adds in the order of k.
void matmul(int M, int K, int N, const float* A, const float* B, const float* bias, float* C);  // C = bias + A (M, K) B
// C (+)= bias + A (M, K) Bᵀ, B (N, K); rows of C lie ldc apart. A bias, or null, has no part in a sum that goes on.
void matmul_transposed(int M, int K, int N, const float* A, const float* B, const float* bias, float* C, ptrdiff_t ldc, bool add);

// C (M, N) += Aᵀ B and, unless null, total (N,) += column sums of B. A (K, M): A[k] = a(k), so that the two factors of an
// LSTM's weights can be one matrix. B (K, N).
struct TallRows {  // row k of A is [x[k] | h[k]]; rows of x and of h lie row_x and row_h apart
    const float* x;
    int width_x;
    ptrdiff_t row_x;
    const float* h;
    int width_h;
    ptrdiff_t row_h;
};
// rows (K): sum over these rows of A and B only, in this order; null for the first K.
void add_outer(int K, TallRows A, int N, const float* B, float* C_x, float* C_h, float* total, const int* rows = nullptr);

// C (M, N) = start + A (M, K) B for a few rows, reading B in place: packing it would cost as much as several of these.
// lda, ldb and ldc are the row strides; accumulates onto C.
void stream(int M, int K, int N, const float* A, ptrdiff_t lda, const float* B, ptrdiff_t ldb, float* C, ptrdiff_t ldc);
// Rows up to which streaming beats packing first: where a weight serves several steps, and where it serves one product.
constexpr int kStreamed = 4, kStreamedOnce = 8;

}  // namespace seqwright::SEQWRIGHT_ISA
