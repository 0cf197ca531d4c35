// One step of a decoder for any rows, independent of the search.
#pragma once

#include "packed.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Weights {  // packed, of one decoder
    Linear keys, query, combine, output;  // the first two only where the score has them
    Form form;                            // of the layers
    float* block;
    bool table;
};
Weights weights_of(const Decoder& d);

// Multiply-adds of one step of one row.
double work_of_a_row(const Decoder& d);

struct DecoderScratch : LayerScratch {  // for n rows, of a thread; x, y and sums have n · row_width(d) each
    float* logits;           // n · V
};
size_t row_width(const Decoder& d);
size_t scratch_size(const Decoder& d, int rows);
DecoderScratch scratch_for(const Decoder& d, int rows, float* at);  // scratch_size floats at `at`; blocks and tile from workspaces

// scratch.x (n, H) = output of the last LSTM after reading symbols[r] and the conditioning vector of source sources[r]. h, c have
// `stride` floats for each layer; row r is at[r]·H.
void run_layers(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const int* at, float* h, float* c,
                ptrdiff_t stride, const DecoderScratch& scratch);
// Whether the keys are a projection of the memory, and not the memory itself.
inline bool has_keys(const Decoder& d) { return d.score != nullptr && d.score->keys != nullptr; }
inline bool has_query(const Decoder& d) { return d.score != nullptr && d.score->query != nullptr; }
Score score_of(const Decoder& d);  // of one with attention
// keys (length, H) of one source, for all its steps. scratch: keys_scratch_size floats.
size_t keys_scratch_size(const Decoder& d);
void make_keys(const Decoder& d, const Weights& w, Memory memory, int length, float* keys, float* scratch);
// The queries of rows of scratch.x (n, H): scratch.x itself, or in scratch.y its projection.
const float* queries(const Decoder& d, const Weights& w, int n, const DecoderScratch& scratch);
// row (S,) = the bias by distance of one step of the target; null without one.
const float* bias_of_step(const Decoder& d, int step, float* row);
// scratch.x = tanh([context, h] Wc + bc), from rows [context, h] (n, M + H) in scratch.sums.
void combine_context(const Decoder& d, const Weights& w, int n, const DecoderScratch& scratch);
// scratch.logits (n, V) from scratch.x (n, H).
void output_logits(const Decoder& d, const Weights& w, int n, const int* sources, const DecoderScratch& scratch);

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
