// Weights for inference, packed in panels of floats or as 8-bit integers, and one step of a layer or one product over any rows.
//
// Packed weights are views into one block of floats, which belongs to the network and may serve any number of calls and
// threads at once. Computing the layout is cheap, and every call does so.
#pragma once

#include "quantized.hpp"
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

// Allocates arrays in a block one after another, each aligned to 64 bytes; with a null block it computes the size.
class Block {
  public:
    explicit Block(float* at) : at_(at) {}
    float* take(size_t n) {
        float* p = at_ == nullptr ? nullptr : at_ + size;
        size += rounded(n);
        return p;
    }
    static size_t rounded(size_t n) { return (n + 15) / 16 * 16; }
    size_t size = 0;

  private:
    float* at_;
};

enum class Form { panels, int8 };

struct Linear {  // y (n, N) = x (n, K) W + b
    const float *W, *b;  // W: to pack alone
    int K, N;
    bool transposed;  // W is (N, K)
    Form form;
    float* block;
};
void lay_out(Linear& m, Block& block);
void pack(const Linear& m);  // on the pool
void product(const Linear& m, int n, const float* x, float* y, float* blocks);  // blocks: scratch for the rows

struct Table {  // bias + E Wx of every symbol, the initial sums of a first layer
    const float* E;
    int V, D;
};
constexpr double kTable = 4 * 1024 * 1024;  // maximum size in floats: a table should fit into a cache

struct Lstm {  // a layer in one direction
    LstmLayer p;
    Form form;
    float *panels, *bias;  // of floats: [Wx; Wh], see `pack_lstm`; the bias for codes, too
    QuantizedMatrix input, state;    // of Wx (its rows that are not in the table) and of Wh
    float* table;          // (V, 4H padded, in the panels' order), or null
    int in_table;          // inputs that are in the table
};
Lstm lay_out(LstmLayer p, Form form, const Table* table, Block& block);
void pack(const Lstm& w, const Table* table);  // on the pool

struct LayerScratch {  // of a thread, for n rows
    float *x, *y, *sums;
    float *blocks, *tile;
};

// One step of a layer. State r, at[r]·H of h and c, is updated; `fresh`: all states are zeros. Row r of scratch.x is the
// input without the part that is in the table, whose row is symbols[r].
void lstm_step(const Lstm& w, int n, const int* at, const int* symbols, bool fresh, float* h, float* c, const LayerScratch& scratch);

}  // namespace seqwright::SEQWRIGHT_ISA
