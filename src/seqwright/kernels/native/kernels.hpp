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

// Rows of states (T, B, H) have a stride of row_h floats: they may be half of a bidirectional memory.
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

// The attention scores, one entry for each kind: its name, the weights that project the memory to keys and the decoder's
// state to queries (null: no projection), whether the keys' weights are transposed, a weight vector, and the function of
// layers.hpp that scores queries and keys.
#define SEQWRIGHT_SCORES(SCORE)                        \
    SCORE(dot, nullptr, false, nullptr, nullptr, dots) \
    SCORE(bilinear, "Wa", true, nullptr, nullptr, dots) \
    SCORE(additive, "Wk", false, "Wq", "v", additive_scores)

struct ScoreKind {
    const char* name;
    const char* keys;      // weights (M, H) or, if `keys_transposed`, (H, M); null: the keys are the memory, and M = H
    bool keys_transposed;
    const char* query;     // weights (H, H)
    const char* vector;    // weights (H, 1)
};
#define SEQWRIGHT_KIND(name, keys, keys_transposed, query, vector, function) {#name, keys, keys_transposed, query, vector},
inline constexpr ScoreKind kScores[] = {SEQWRIGHT_SCORES(SEQWRIGHT_KIND)};
#undef SEQWRIGHT_KIND

// A network for inference. Matrices are read from `packed`; only pack_encoder() and pack_decoder() read the pointers that the
// comment "to pack" marks.
struct Encoder {
    const float* E;
    const LstmLayer* layers;  // to pack: n_directions of each of n_layers
    int n_layers, n_directions;
    bool reverse;  // a single direction reads from the last symbol
    const float *bridge[2], *bridge_b[2];  // of h and of c, for two directions; `bridge` to pack
    bool cell_crosses;
    const float* packed;
    bool int8;
    int V, D, H;
};

struct Encoding : Encoder {
    const int32_t *ids, *lengths;
    float *h, *c, *memory;
    int S, B;
    int n_crossing;  // layers whose states start the decoder's: the top ones
};

struct Decoder {  // with the inputs of B sources; null for absent parts
    const float* E;
    const LstmLayer* layers;  // to pack
    int n_layers;
    const ScoreKind* score;                // or null: no attention
    const float *keys_W, *query_W, *v;     // of the score; the first two to pack
    const float *Wc, *bc;                  // Wc to pack
    const float* distance;  // (2 farthest + 1,): bias of the score by s - t; or null
    int farthest;
    const float *W, *b;  // W to pack
    bool tied;           // W is E, (V, H)
    const float *gate_W, *gate_b;  // of copying
    const float* packed;
    bool int8;
    const float *h, *c;          // (L, B, H) before the first symbol
    const float* conditioning;   // (B, P)
    const float* memory;
    const int32_t* memory_lengths;
    const int32_t* copy_map;     // (S, B): the target symbol of each source symbol, -1 for none; null without copying
    int B, V, D, H, P, S, M;  // D: columns of E; H: of the top layer; P: of the conditioning; M: of the memory
};

struct Automaton {  // N states, E edges
    const int64_t* first;
    const int32_t *symbols, *targets;
    const bool* accepting;
    const int32_t* distances;
    int N;
    int64_t E;
};

struct Search {  // beam search; or sampling, with `width` groups of one hypothesis each; or given targets
    const Decoder* members;
    int n_members;
    const Automaton* automaton;  // or null
    const int32_t* forbidden;    // symbols that are never generated
    int n_forbidden;
    int start_id, end_id;  // without an end symbol, end_id -1, targets have max_lengths symbols, at least 1
    const int32_t *max_lengths, *min_lengths;
    int groups;
    double diversity;
    const float* uniforms;   // (B, T, width) to sample with, or null
    const int32_t* targets;  // (B, T), the targets to score (width 1, end_id -1), or null
    float temperature;
    int top_k;
    double top_p;
    int B, V, S, T, width;
    int32_t* ids;
    float* log_probs;
    int32_t *lengths, *ended_by_model;
    float* attention_weights;
};

// Every kernel, once: what it returns, its name, its arguments. From this list come the table below, the declarations in
// layers.hpp and the tables of the instruction sets in table.cpp.
#define SEQWRIGHT_KERNELS(KERNEL)                                                                                                 \
    KERNEL(void, embedding_forward, (int N, int V, int D, const float* W, const int32_t* ids, float* out))                         \
    KERNEL(void, embedding_backward, (int N, int V, int D, const float* dout, const int32_t* ids, float* dW))                      \
    KERNEL(void, affine_forward, (int N, int D, int M, const float* x, const float* W, const float* b, float* out))                \
    KERNEL(void, affine_backward, (int N, int D, int M, const float* dout, const float* x, const float* W, float* dx,              \
                                   ptrdiff_t row_dx, float* dW, float* db, bool add))                                              \
    KERNEL(void, tied_affine_forward, (int N, int D, int V, const float* x, const float* E, const float* b, float* out))           \
    KERNEL(void, tied_affine_backward, (int N, int D, int V, const float* dout, const float* x, const float* E, float* dx,         \
                                        float* dE, float* db))                                                                     \
    KERNEL(void, lstm_forward, (const LstmForward& s))                                                                             \
    KERNEL(void, lstm_backward, (const LstmBackward& s))                                                                           \
    KERNEL(void, bilstm_forward, (const LstmForward& forward, const LstmForward& backward))                                        \
    KERNEL(void, bilstm_backward, (const LstmBackward& forward, const LstmBackward& backward))                                     \
    KERNEL(void, attention_forward, (int T, int B, int S, int E, const float* q, const float* memory, const int32_t* lengths,      \
                                     float* weights, float* context, ptrdiff_t row_context, const float* bias))                    \
    KERNEL(void, attention_backward, (int T, int B, int S, int E, const float* dcontext, ptrdiff_t row_dcontext,                   \
                                      const float* dweights, const float* q, const float* memory, const int32_t* lengths,          \
                                      const float* weights, float* dq, float* dmemory, float* dbias))                              \
    KERNEL(void, additive_attention_forward, (int T, int B, int S, int A, int M, const float* q, const float* keys,                \
                                              const float* v, const float* memory, const int32_t* lengths, float* weights,         \
                                              float* context, ptrdiff_t row_context, const float* bias))                           \
    KERNEL(void, additive_attention_backward, (int T, int B, int S, int A, int M, const float* dcontext, ptrdiff_t row_dcontext,   \
                                               const float* dweights, const float* q, const float* keys, const float* v,           \
                                               const float* memory, const int32_t* lengths, const float* weights, float* dq,       \
                                               float* dkeys, float* dv, float* dmemory, float* dbias))                             \
    KERNEL(void, cross_entropy_forward, (int T, int B, int V, const float* logits, const int32_t* targets,                         \
                                         const int32_t* lengths, float smoothing, float* probs, float* nll))                       \
    KERNEL(void, cross_entropy_backward, (int T, int B, int V, const float* probs, const int32_t* targets,                         \
                                          const int32_t* lengths, float smoothing, float scale, float* dlogits))                   \
    KERNEL(void, copy_cross_entropy_forward, (int T, int B, int V, int S, const float* logits, const float* weights,               \
                                              const float* gate, const int32_t* source, const int32_t* targets,                    \
                                              const int32_t* lengths, float smoothing, float* probs, float* nll))                  \
    KERNEL(void, copy_cross_entropy_backward, (int T, int B, int V, int S, const float* probs, const float* weights,               \
                                               const float* gate, const int32_t* source, const int32_t* targets,                   \
                                               const int32_t* lengths, float smoothing, float scale, float* dlogits,               \
                                               float* dweights, float* dgate))                                                     \
    KERNEL(void, copy_log_probs, (int T, int B, int V, int S, const float* logits, const float* weights, const float* gate,        \
                                  const int32_t* source, float* log_probs))                                                        \
    KERNEL(void, tanh_forward, (size_t N, const float* x, float* out))                                                             \
    KERNEL(void, tanh_backward, (size_t N, const float* dout, const float* y, float* dx))                                          \
    KERNEL(void, clear, (size_t N, float* out))                                                                                    \
    KERNEL(void, dropout, (size_t T, size_t N, const float* x, const float* mask, bool mask_each_step, float* out))                \
    KERNEL(double, squared_norm, (size_t N, const float* x))                                                                       \
    KERNEL(void, adam_update, (size_t N, float* params, const float* grads, float* m, float* v, double rate, double beta1,         \
                               double beta2, double eps, double weight_decay, int64_t step, double scale))                         \
    KERNEL(size_t, encoder_size, (const Encoder& e)) /* of the packed weights, in floats */                                        \
    KERNEL(void, pack_encoder, (const Encoder& e, float* packed))                                                                  \
    KERNEL(void, encode, (const Encoding& e))                                                                                      \
    KERNEL(size_t, decoder_size, (const Decoder& d))                                                                               \
    KERNEL(void, pack_decoder, (const Decoder& d, float* packed))                                                                  \
    KERNEL(void, search, (const Search& g))

struct Kernels {
    const char* name;
#define SEQWRIGHT_MEMBER(result, name, arguments) result(*name) arguments;
    SEQWRIGHT_KERNELS(SEQWRIGHT_MEMBER)
#undef SEQWRIGHT_MEMBER
};

namespace avx512 { extern const Kernels kernels; }
namespace avx2 { extern const Kernels kernels; }
namespace neon { extern const Kernels kernels; }
namespace plain { extern const Kernels kernels; }

}  // namespace seqwright
