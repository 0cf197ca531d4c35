// One step of a decoder for any rows, whatever chooses the symbols.
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

struct DecoderRoom : Room {  // for n rows, of a thread; x, y and sums have n · row_width(d) each
    float* scores;           // n · V
};
size_t row_width(const Decoder& d);
size_t room_size(const Decoder& d, int rows);
DecoderRoom room_for(const Decoder& d, int rows, float* at);  // room_size floats at `at`; blocks and tile from workspaces

// room.x (n, H) = output of the last LSTM after reading symbols[r] beside the conditioning of source sources[r]. h, c hold `stride`
// floats a layer; row r of it is at[r]·H.
void run_layers(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const int* at, float* h, float* c,
                ptrdiff_t stride, const DecoderRoom& room);
// Whether the keys of the memory are made from it, and not the memory itself.
inline bool has_keys(const Decoder& d) { return d.score != nullptr && d.score->keys != nullptr; }
inline bool has_query(const Decoder& d) { return d.score != nullptr && d.score->query != nullptr; }
Score score_of(const Decoder& d);  // of one with attention
// keys (length, H) of one source, for all its steps. `room` is keys_room floats.
size_t keys_room(const Decoder& d);
void make_keys(const Decoder& d, const Weights& w, Memory memory, int length, float* keys, float* room);
// The queries of rows of room.x (n, H): themselves, or in room.y their product with the weights of the query.
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
