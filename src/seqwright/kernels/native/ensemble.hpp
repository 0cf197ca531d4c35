// The log-probabilities of what may follow each hypothesis, from one network or the mean of several.
#pragma once

#include "decoding.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Span {  // the hypotheses of one source; their rows follow those of the spans before
    int source, slab, n, step;
    float* looks;  // (n, S): where they look, to write; or null
};

// The states of a thread's hypotheses in all members. Rows lie compactly, and those of a source next to each other. A source
// has a slab, from 0 on, for what is made of it once.
class Ensemble {
  public:
    // For `sources` at a time, with up to g.width hypotheses each; the memory is size() floats of `scratch`.
    Ensemble(const Search& g, const Weights* weights, int sources, Scratch& scratch);
    static size_t size(const Search& g, int sources);
    static size_t slab_size(const Search& g);  // floats for each source, which are in size()

    // Give a row the state of a source before its first symbol.
    void begin(int source, int slab, int row);
    // The log-probabilities (rows, V) behind the last symbol of each row, and the states there.
    float* step(int rows, const int* symbols, const int* sources, const Span* spans, int n_spans);
    // Let each of so many rows go on from the state of its parent.
    void gather(int rows, const int* parents);

  private:
    struct Member {
        float *h, *c, *h_next, *c_next;  // (L, rows, H); they change places at every step
        ptrdiff_t stride;                // floats a layer
        float* keys;                     // (sources, S, H), see `has_keys`
    };

    void look(const Decoder& d, const Member& member, bool first, int rows, const Span* spans, int n_spans, const DecoderRoom& room);
    void add(const float* log_probs, size_t n, bool first);
    void finish(size_t n);

    const Search& g_;
    const Weights* weights_;
    bool looks_;  // whether all members can say where they look
    Member* members_;
    int* rows_;  // 0, 1, 2, …
    float *room_, *look_, *bias_, *top_, *sum_;
    float *looked_, *mixing_;  // where each row looks, and room to mix what it copies; null where no member copies
    int most_rows_;
};

// Multiply-adds of one step of one row, in all members.
double work_of_a_row(const Search& g);

}  // namespace seqwright::SEQWRIGHT_ISA
