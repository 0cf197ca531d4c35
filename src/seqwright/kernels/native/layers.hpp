// What the layers' files define, for table.cpp and for generate.cpp, which runs some of them step by step.
#pragma once

#include "gemm.hpp"
#include "kernels.hpp"

namespace seqwright::SEQWRIGHT_ISA {

void embedding_forward(int N, int V, int D, const float* W, const int32_t* ids, float* out);
void embedding_backward(int N, int V, int D, const float* dout, const int32_t* ids, float* dW);

void affine_forward(int N, int D, int M, const float* x, const float* W, const float* b, float* out);
void affine_backward(int N, int D, int M, const float* dout, const float* x, const float* W, float* dx, ptrdiff_t row_dx,
                     float* dW, float* db, bool add);

void lstm_forward(const LstmForward& s);
void lstm_backward(const LstmBackward& s);

// One step of an LSTM for any rows: i f g o from the sums `a` of 16 units, and the state after from the state before.
struct Point {
    Vec i, f, g, o, c, h;
};
SEQWRIGHT_INLINE Point lstm_point(Vec ai, Vec af, Vec ag, Vec ao, Vec c_before) {
    Point y;
    y.i = sigmoid(ai);
    y.f = sigmoid(af);
    y.g = tanh(ag);
    y.o = sigmoid(ao);
    y.c = fma(y.f, c_before, y.i * y.g);
    y.h = y.o * tanh(y.c);
    return y;
}

// The weights of a layer for `lstm_rows`: [Wx; Wh] in panels that hold i f g o of the same 16 units next to each other.
struct LstmPanels {
    const float *weights, *bias;
};
inline int lstm_panels(int H) { return ceil_div(H, kLanes) * 4 / kWide; }
inline size_t lstm_panels_size(int D, int H) {
    return static_cast<size_t>(lstm_panels(H)) * static_cast<size_t>(D + H) * kPanel;
}
inline size_t lstm_bias_size(int H) { return static_cast<size_t>(lstm_panels(H)) * kPanel; }
// Pack a layer on the pool. p.b has `biases` rows (4H), and so has `bias`, each in the panels' order.
void pack_lstm(LstmLayer p, float* weights, float* bias, int biases = 1);

// Row r of `a` is [x | h before], or x alone where h before is zero. Rows of the outputs are c_after + at[r]·H,
// h_after + at[r]·row_h and so on; gates may be null.
struct Begun {  // sums that need not start at the bias: of row r, those of sums[of[r]] (…, 4H padded, in the panels' order)
    const float* sums;  // or null
    const int* of;
    int depth;  // inputs that are in the sums already, and not in `a`
};
void lstm_rows(int n, const int* at, LstmPanels panels, int D, int H, Rows a, float* tile, const float* c_before,
               float* c_after, float* h_after, ptrdiff_t row_h, float* gates, Begun begun = {nullptr, nullptr, 0},
               bool zero_before = false);

void attention_forward(int T, int B, int S, int E, const float* q, const float* memory, const int32_t* lengths,
                       float* weights, float* context, ptrdiff_t row_context, const float* bias);
void attention_backward(int T, int B, int S, int E, const float* dcontext, ptrdiff_t row_dcontext,
                        const float* dweights, const float* q,
                        const float* memory, const int32_t* lengths, const float* weights, float* dq, float* dmemory,
                        float* dbias);
void additive_attention_forward(int T, int B, int S, int A, int M, const float* q, const float* keys, const float* v,
                                const float* memory, const int32_t* lengths, float* weights, float* context,
                                ptrdiff_t row_context, const float* bias);
void additive_attention_backward(int T, int B, int S, int A, int M, const float* dcontext, ptrdiff_t row_dcontext,
                                 const float* dweights, const float* q, const float* keys, const float* v, const float* memory,
                                 const int32_t* lengths, const float* weights, float* dq, float* dkeys, float* dv, float* dmemory,
                                 float* dbias);
struct Memory {  // of one sequence: rows that lie `stride` apart
    const float* rows;
    ptrdiff_t stride;
    int width;
};
// T steps of one sequence, which look at its keys and mix its values, of which `length` of S are real. Steps of q, weights
// and context lie stride_q, stride_w and stride_c apart.   v: of the additive score; null for the dot product.   bias: S
// floats for each step, stride_bias apart, that are added to the scores; or null.
void attend(int T, int S, const float* q, ptrdiff_t stride_q, Memory keys, const float* v, Memory values, int length,
            const float* bias, ptrdiff_t stride_bias, float* weights, ptrdiff_t stride_w, float* context, ptrdiff_t stride_c);
// out[t, s] = a[t]·m[s] over E, 16 lanes and then their sum.
void dots(int T, int S, int E, const float* a, ptrdiff_t stride_a, const float* m, ptrdiff_t stride_m, float* out,
          ptrdiff_t stride_out);

void cross_entropy_forward(int T, int B, int V, const float* scores, const int32_t* targets, const int32_t* lengths,
                           float smoothing, float* probs, float* nll);
void cross_entropy_backward(int T, int B, int V, const float* probs, const int32_t* targets, const int32_t* lengths,
                            float smoothing, float scale, float* dscores);
struct Softmax {
    float top, total, log_total;  // the greatest score, Σ exp(score - top), and its logarithm
};
float sum_of(int V, const float* x);
Softmax softmax_sums(int V, const float* scores, float scale, float* exps);  // exps[j] = exp(scale (score - top)); may be null
double natural_log(float x);  // of a positive number or NaN

void copy_cross_entropy_forward(int T, int B, int V, int S, const float* scores, const float* weights, const float* gate,
                                const int32_t* source, const int32_t* targets, const int32_t* lengths, float smoothing,
                                float* probs, float* nll);
void copy_cross_entropy_backward(int T, int B, int V, int S, const float* probs, const float* weights, const float* gate,
                                 const int32_t* source, const int32_t* targets, const int32_t* lengths, float smoothing,
                                 float scale, float* dscores, float* dweights, float* dgate);
void copy_log_probs(int T, int B, int V, int S, const float* scores, const float* weights, const float* gate,
                    const int32_t* source, float* log_probs);
// Turn the log-probabilities (V,) of generating into those of one row's mixture. Its source has symbols `stride` apart;
// `zeros` are mixing_size floats, of which the first V are 0 before and after.
void mix_copies(int V, int S, const float* weights, float gate, const int32_t* source, ptrdiff_t stride, float* log_probs,
                float* zeros);
size_t mixing_size(int V, int S);
// The log-odds of copying of one row: x (H,) is what its scores are made from, beside the peek of its source.
float gate_of(const Decoder& d, const float* x, int source);

void tanh_forward(size_t N, const float* x, float* out);
void tanh_backward(size_t N, const float* dout, const float* y, float* dx);
void clear(size_t N, float* out);
void dropout(size_t T, size_t N, const float* x, const float* mask, bool mask_each_step, float* out);

double squared_norm(size_t N, const float* x);
void adam_update(size_t N, float* params, const float* grads, float* m, float* v, double rate, double beta1, double beta2,
                 double eps, double weight_decay, int64_t step, double scale);

size_t encoder_size(const Encoder& e);
void pack_encoder(const Encoder& e, float* packed);
void encode(const Encoding& e);
size_t decoder_size(const Decoder& d);
void pack_decoder(const Decoder& d, float* packed);
void generate(const Generation& g);
void search(const Search& g);

}  // namespace seqwright::SEQWRIGHT_ISA
