// Log-probabilities of the next symbols of each hypothesis, from one network or the mean of several.
#pragma once

#include "decoding.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Span {  // the hypotheses of one source; their rows follow those of the spans before
    int source, scratch_index, n, step;
    float* attention_weights;  // (n, S), to write; or null
};

// The states of a thread's hypotheses in all members. Rows are contiguous, grouped by source. scratch_index
// numbers the sources in progress, for data that is computed once for each.
class Ensemble {
  public:
    // For `sources` at a time, with up to g.width hypotheses each; the memory is size() floats of `block`.
    Ensemble(const Search& g, const Weights* weights, int sources, Block& block);
    static size_t size(const Search& g, int sources);
    static size_t source_scratch_size(const Search& g);  // floats for each source, which are in size()

    // Set a row to the initial state of a source.
    void begin(int source, int scratch_index, int row);
    // Read the last symbol of each row: update the states, return the log-probabilities (rows, V) of the next symbols.
    float* step(int rows, const int* symbols, const int* sources, const Span* spans, int n_spans);
    // Copy the states of the parents to `rows` rows.
    void gather(int rows, const int* parents);

  private:
    struct Member {
        float *h, *c, *h_next, *c_next;  // (L, rows, H); swapped at every step
        ptrdiff_t stride;                // floats a layer
        float* keys;                     // (sources, S, H), see `has_keys`
    };

    void attend_rows(const Decoder& d, const Member& member, bool first, int rows, const Span* spans, int n_spans, const DecoderScratch& scratch);
    void add(const float* log_probs, size_t n, bool first);
    void finish(size_t n);

    const Search& g_;
    const Weights* weights_;
    bool has_attention_;  // whether all members have attention
    Member* members_;
    int* rows_;  // 0, 1, 2, …
    float *scratch_, *unused_weights_, *bias_, *top_, *sum_;
    float *copy_weights_, *mixing_;  // attention weights of each row and scratch of the copy mechanism; null without one
    int max_rows_;
};

// Multiply-adds of one step of one row, in all members.
double work_of_a_row(const Search& g);

}  // namespace seqwright::SEQWRIGHT_ISA
