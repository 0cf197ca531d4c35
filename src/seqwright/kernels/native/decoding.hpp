// One step of a decoder for any rows, whatever chooses the symbols: what generate.cpp and ensemble.cpp have in common.
#pragma once

#include "packed.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Weights {
    Linear keys, query, combine, output;  // the first two: see `has_keys` and `queries`
    Form form;                            // of the layers
    float* block;
    bool table;
};

// A decoder's weights: those that the caller keeps, or else packed on the pool into weights_size floats at `at`.
// rows: how many there are at most in a step; row_steps: in all steps together.
size_t weights_size(const Decoder& d, double rows, double row_steps);
Weights decoder_weights(const Decoder& d, double rows, double row_steps, float* at);

// Multiply-adds of one step of one row.
double work_of_a_row(const Decoder& d);

struct DecoderRoom : Room {  // for n rows, of a thread; x, y, sums and before have n · row_width(d) each
    float* scores;           // n · V
};
size_t row_width(const Decoder& d);
size_t room_size(const Decoder& d, int rows);
DecoderRoom room_for(const Decoder& d, int rows, float* at);  // room_size floats at `at`; blocks and tile from workspaces

// room.x (n, H) = output of the last LSTM after reading symbols[r] beside the peek of source sources[r]. h, c hold `stride`
// floats a layer; row r of it is at[r]·H.
void run_layers(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const int* at, float* h, float* c,
                ptrdiff_t stride, const DecoderRoom& room);
// Whether what is looked at is not the memory itself, but memory Waᵀ (bilinear) or memory Wk (additive).
inline bool has_keys(const Decoder& d) { return d.Wa != nullptr || d.Wk != nullptr; }
// keys (length, H) of one source, for all its steps. `room` is keys_room floats.
size_t keys_room(const Decoder& d);
void make_keys(const Decoder& d, const Weights& w, Memory memory, int length, float* keys, float* room);
// What rows of room.x (n, H) ask the keys: themselves, or in room.y their product with Wq.
const float* queries(const Decoder& d, const Weights& w, int n, const DecoderRoom& room);
// row (S,) = what the scores of one step of the target gain by their distance; null where they gain nothing.
const float* bias_of_step(const Decoder& d, int step, float* row);
// room.x = tanh([context, h] Wc + bc), from rows [context, h] (n, M + H) in room.sums.
void combine_context(const Decoder& d, const Weights& w, int n, const DecoderRoom& room);
// room.scores (n, V) from room.x (n, H).
void score_symbols(const Decoder& d, const Weights& w, int n, const int* sources, const DecoderRoom& room);

struct Scratch {  // hands out pieces of one block, each from a multiple of 64 bytes on
    float* next;
    float* take(size_t n) {
        float* p = next;
        next += rounded(n);
        return p;
    }
    static size_t rounded(size_t n) { return Block::rounded(n); }
};

}  // namespace seqwright::SEQWRIGHT_ISA
