// A network's weights as inference reads them, in panels of floats or as int8 codes; and one step of a layer, or one product,
// over any rows of any of them.
//
// Packed weights are views into one block of floats, which belongs to the network and may serve any number of calls and
// threads at once. Laying it out is cheap: every call does it again.
#pragma once

#include "codes.hpp"
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

// Lays arrays into a block one behind the other, each from a multiple of 64 bytes on; into none, it counts what they need.
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

enum class Form { panels, codes };

struct Linear {  // y (n, N) = x (n, K) W + b
    const float *W, *b;  // W: to pack alone
    int K, N;
    bool transposed;  // W is (N, K)
    Form form;
    float* block;
};
void lay_out(Linear& m, Block& block);
void pack(const Linear& m);  // on the pool
void product(const Linear& m, int n, const float* x, float* y, float* blocks);  // blocks: room for the rows, in another form

struct Table {  // of bias + E Wx for every symbol: the sums of a first layer begin there
    const float* E;
    int V, D;
};
constexpr double kTable = 4 * 1024 * 1024;  // floats that a table may have: it should stay in a cache

struct Lstm {  // a layer in one direction
    LstmLayer p;
    Form form;
    float *panels, *bias;  // of floats: [Wx; Wh], see `pack_lstm`; the bias for codes, too
    Codes input, state;    // of Wx (of what is not in the table) and of Wh
    float* table;          // (V, 4H padded, in the panels' order), or null
    int in_table;          // inputs that are
};
Lstm lay_out(LstmLayer p, Form form, const Table* table, Block& block);
void pack(const Lstm& w, const Table* table);  // on the pool

struct Room {  // for n rows, of a thread
    float *x, *y, *sums;
    float *blocks, *tile;
};

// One step of a layer. State r is at[r]·H of h and c, and moves on; `fresh`: all of them are zeros so far. Row r of room.x is
// the input, or what of it is not in the table, where it is row symbols[r].
void lstm_step(const Lstm& w, int n, const int* at, const int* symbols, bool fresh, float* h, float* c, const Room& room);

}  // namespace seqwright::SEQWRIGHT_ISA
