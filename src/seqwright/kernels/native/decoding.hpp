// One step of a decoder for any rows, whatever chooses the symbols: what generate.cpp and beam.cpp have in common.
#pragma once

#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Matrix {  // y = x W + b
    const float *W, *b;
    int K, N;
    const float *panels, *bias;  // packed, or null
};

// y (n, N) = x (n, K) W + b. `blocks` is room for the copied rows.
void product(const Matrix& m, int n, const float* x, float* y, float* blocks);

struct Weights {
    Matrix query, combine, output;
    const LstmPanels* layers;  // null: all are read where they lie
    const float* table;        // b + E Wx of the first layer (V, 4H padded), or null
};

// A decoder's weights, packed on the pool into workspaces of this thread, where they stay until its next kernel; or, for a
// few rows, where they lie.   row_steps: how many rows all steps will have together, at most.
Weights decoder_weights(const Decoder& d, bool packed, bool with_query, double row_steps);

// Multiply-adds of one step of one row.
double work_of_a_row(const Decoder& d);

struct Room {  // for n rows, of a thread
    float *x, *y, *sums, *before;  // n · row_width(d) each
    float *scores;                 // n · V
    float *blocks, *tile;
};
size_t row_width(const Decoder& d);
size_t room_size(const Decoder& d, int rows);
Room room_for(const Decoder& d, int rows, float* at);  // room_size floats at `at`; blocks and tile from workspaces

// room.x (n, H) = output of the last LSTM after reading symbols[r] beside the peek of source sources[r]. h, c hold `stride`
// floats a layer; row r of it is at[r]·H.
void run_layers(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const int* at, float* h, float* c,
                ptrdiff_t stride, const Room& room);
// room.x = tanh([context, h] Wc + bc), from rows [context, h] (n, M + H) in room.sums.
void combine_context(const Decoder& d, const Weights& w, int n, const Room& room);
// room.scores (n, V) from room.x (n, H).
void score_symbols(const Decoder& d, const Weights& w, int n, const int* sources, const Room& room);

struct Scratch {  // hands out pieces of one block, each from a multiple of 64 bytes on
    float* next;
    float* take(size_t n) {
        float* p = next;
        next += rounded(n);
        return p;
    }
    static size_t rounded(size_t n) { return (n + 15) / 16 * 16; }
};

}  // namespace seqwright::SEQWRIGHT_ISA
