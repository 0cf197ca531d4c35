// The table of kernels that each instruction set fills in, with the arguments of kernels/reference/ in the same order.
// Pointers are to C-contiguous arrays whose shapes the bindings have checked; ids are in range.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace seqwright {

struct LstmLayer {
    const float *Wx, *Wh, *b;
    int D, H;
};

// Rows of states (T, B, H), of which one begins `row` floats behind the last: half of a memory of both directions, say.
struct LstmForward {
    LstmLayer p;         // b (4H), or (V, 4H) where there are ids
    const int32_t* ids;  // or null
    int T, B, V;
    const float* x;
    const int32_t* lengths;
    float* h;
    ptrdiff_t row_h;
    float *c, *gates;
    bool reverse, zero_start;
};

struct LstmBackward {
    LstmLayer p;  // without b
    const int32_t* ids;
    int T, B, V;
    const float* dh;
    ptrdiff_t row_dh;
    float *dh_end, *dc_end;
    const float* x;
    const int32_t* lengths;
    const float* h;
    ptrdiff_t row_h;
    const float* c;
    float *gates, *dx, *dWx, *dWh, *db;
    bool reverse, zero_start;
};

struct Encoder {  // what encode() reads
    const float* E;
    const LstmLayer* layers;  // n_directions of each of n_layers
    int n_layers, n_directions;
    bool reverse;             // a single direction reads from the last symbol
    const float *bridge[2], *bridge_b[2];  // of h and of c, for two directions
    bool cell_crosses;
    const float* packed;  // what pack_encoder() wrote; null: packed for this call
    bool int8;
    int V, D, H;
};

struct Encoding : Encoder {
    const int32_t *ids, *lengths;
    float *h, *c, *memory;
    int S, B;
    int n_crossing;  // layers whose states start the decoder's: the top ones
};

struct Decoder {  // a network, and what its B rows read; null for None
    const float* E;
    const LstmLayer* layers;
    int n_layers;
    bool attends;
    const float* Wa;            // of the bilinear score
    const float *Wq, *Wk, *v;   // of the additive score; all of these are null for the dot product
    const float *Wc, *bc;
    const float* distance;  // (2 farthest + 1,): what a score gains by s - t; or null
    int farthest;
    const float *W, *b;
    float *h, *c;  // only generate() writes to them
    const float* peek;
    const float* memory;
    const int32_t* memory_lengths;
    const float *gate_W, *gate_b;  // of copying: null for a decoder that only generates
    const int32_t* twins;          // (S, B): what may be copied, -1 for nothing
    const float* packed;  // what pack_decoder() wrote; null: packed for this call
    bool int8;
    int B, V, D, H, P, S, M;  // D: columns of E; H: of the top layer; P: of peek; M: of the memory
};

struct Generation : Decoder {
    int start_id, end_id;
    const int32_t* limits;
    int T;
    int32_t* ids;
    float* log_probs;
    int32_t* lengths;
};

struct Automaton {  // N states, E edges
    const int64_t* first;
    const int32_t *symbols, *targets;
    const bool* accepting;
    const int32_t* distances;
    int N;
    int64_t E;
};

struct Search {  // what beam() and sample() read: the latter follows `width` groups of one hypothesis each
    const Decoder* members;
    int n_members;
    const Automaton* automaton;  // or null
    int start_id, end_id;
    const int32_t *limits, *shortest;
    int groups;
    double diversity;
    const float* uniforms;  // null for beam()
    float temperature;
    int top_k;
    double top_p;
    int B, V, S, T, width;
    int32_t* ids;
    float* log_probs;
    int32_t *lengths, *own_end;
    float* attended;
};

struct Kernels {
    const char* name;

    void (*embedding_forward)(int N, int V, int D, const float* W, const int32_t* ids, float* out);
    void (*embedding_backward)(int N, int V, int D, const float* dout, const int32_t* ids, float* dW);

    void (*affine_forward)(int N, int D, int M, const float* x, const float* W, const float* b, float* out);
    void (*affine_backward)(int N, int D, int M, const float* dout, const float* x, const float* W, float* dx,
                            ptrdiff_t row_dx, float* dW, float* db, bool add);

    void (*lstm_forward)(const LstmForward& s);
    void (*lstm_backward)(const LstmBackward& s);

    void (*attention_forward)(int T, int B, int S, int E, const float* q, const float* memory, const int32_t* lengths,
                              float* weights, float* context, ptrdiff_t row_context, const float* bias);
    void (*attention_backward)(int T, int B, int S, int E, const float* dcontext, ptrdiff_t row_dcontext,
                               const float* dweights, const float* q, const float* memory, const int32_t* lengths,
                               const float* weights, float* dq, float* dmemory, float* dbias);

    void (*additive_attention_forward)(int T, int B, int S, int A, int M, const float* q, const float* keys, const float* v,
                                 const float* memory, const int32_t* lengths, float* weights, float* context,
                                 ptrdiff_t row_context, const float* bias);
    void (*additive_attention_backward)(int T, int B, int S, int A, int M, const float* dcontext, ptrdiff_t row_dcontext,
                                  const float* dweights, const float* q, const float* keys, const float* v, const float* memory,
                                  const int32_t* lengths, const float* weights, float* dq, float* dkeys, float* dv, float* dmemory,
                                  float* dbias);

    void (*cross_entropy_forward)(int T, int B, int V, const float* scores, const int32_t* targets,
                                  const int32_t* lengths, float smoothing, float* probs, float* nll);
    void (*cross_entropy_backward)(int T, int B, int V, const float* probs, const int32_t* targets,
                                   const int32_t* lengths, float smoothing, float scale, float* dscores);

    void (*copy_cross_entropy_forward)(int T, int B, int V, int S, const float* scores, const float* weights,
                                       const float* gate, const int32_t* source, const int32_t* targets,
                                       const int32_t* lengths, float smoothing, float* probs, float* nll);
    void (*copy_cross_entropy_backward)(int T, int B, int V, int S, const float* probs, const float* weights,
                                        const float* gate, const int32_t* source, const int32_t* targets,
                                        const int32_t* lengths, float smoothing, float scale, float* dscores,
                                        float* dweights, float* dgate);
    void (*copy_log_probs)(int T, int B, int V, int S, const float* scores, const float* weights, const float* gate,
                           const int32_t* source, float* log_probs);

    void (*tanh_forward)(size_t N, const float* x, float* out);
    void (*tanh_backward)(size_t N, const float* dout, const float* y, float* dx);
    void (*clear)(size_t N, float* out);
    void (*dropout)(size_t T, size_t N, const float* x, const float* mask, bool mask_each_step, float* out);

    double (*squared_norm)(size_t N, const float* x);
    void (*adam_update)(size_t N, float* params, const float* grads, float* m, float* v, double rate, double beta1,
                        double beta2, double eps, double weight_decay, int64_t step, double scale);

    size_t (*encoder_size)(const Encoder& e);  // of the packed weights, in floats
    void (*pack_encoder)(const Encoder& e, float* packed);
    void (*encode)(const Encoding& e);

    size_t (*decoder_size)(const Decoder& d);
    void (*pack_decoder)(const Decoder& d, float* packed);
    void (*generate)(const Generation& g);
    void (*search)(const Search& g);
};

namespace avx512 { extern const Kernels kernels; }
namespace avx2 { extern const Kernels kernels; }
namespace neon { extern const Kernels kernels; }
namespace plain { extern const Kernels kernels; }

}  // namespace seqwright
