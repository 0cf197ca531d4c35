// Products of int8 weights with rows that are quantised as they arrive; see quantized.cpp.
#pragma once

#include "gemm.hpp"

namespace seqwright::SEQWRIGHT_ISA {

// A panel has 64 columns: for an LSTM, i f g o of 16 units. The codes of four inputs of a column are adjacent.
constexpr int kQuad = 4, kColumns = 64;
constexpr int kQuantizedMR = 6;  // rows of a tile: 6 · 4 sums, 4 vectors of the panel and one broadcast in 32 registers

SEQWRIGHT_INLINE int quads(int K) { return ceil_div(K, kQuad); }
SEQWRIGHT_INLINE int quantized_panels(int N) { return ceil_div(N, kColumns); }

struct QuantizedMatrix {  // of W (K, N): W[k, j] ~ code · scales[j]
    int8_t* panels;
    float* scales;    // 0 for columns beyond N
    int32_t* starts;  // -128 Σ_k code: corrects for the offset of 128 of the bytes of a row
    int K, N;
};
size_t quantized_size(int K, int N);  // in floats
QuantizedMatrix quantized_at(float* block, int K, int N);
struct Column {  // of a matrix: `depth` inputs, of which K from `first` on are packed; of zeros, if `at` is null
    const float* at;
    ptrdiff_t stride;
    int depth, first;
};
void pack_quantized_column(const QuantizedMatrix& to, int j, Column column);

struct QuantizedRows {  // x[r, k] ~ (bytes[r·stride + k] - 128) · scales[r]
    uint8_t* bytes;
    float* scales;
    ptrdiff_t stride;
};
size_t quantized_rows_size(int rows, int K);  // in floats
QuantizedRows quantized_rows_at(float* block, int rows, int K);
void quantize(QuantizedRows to, int r, const float* x, int K);

// y[r, j] = start[r, j] + Σ_k x[r, k] W[k, 64 p + j] for `rows` rows from row `first` on, and j < n <= 64. `start` is one row
// for all (start_stride 0), a matrix (y itself, to go on summing), or null for zeros; it and y begin at the first of the rows.
void multiply_quantized(int first, int rows, QuantizedRows x, const QuantizedMatrix& w, int p, const float* start, ptrdiff_t start_stride, float* y,
                    ptrdiff_t ldy, int n);

}  // namespace seqwright::SEQWRIGHT_ISA
