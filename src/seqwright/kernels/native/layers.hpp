// Declarations of the layers, for table.cpp and for inference, which runs some of them step by step.
#pragma once

#include "gemm.hpp"
#include "kernels.hpp"

namespace seqwright::SEQWRIGHT_ISA {

#define SEQWRIGHT_DECLARE(result, name, arguments) result name arguments;
SEQWRIGHT_KERNELS(SEQWRIGHT_DECLARE)
#undef SEQWRIGHT_DECLARE

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

// The weights of a layer for `lstm_rows`: [Wx; Wh] in panels in which i f g o of the same 16 units are adjacent.
struct LstmPanels {
    const float *weights, *bias;
};
inline int lstm_panels(int H) { return ceil_div(H, kLanes) * 4 / kVectors; }
inline size_t lstm_panels_size(int D, int H) {
    return static_cast<size_t>(lstm_panels(H)) * static_cast<size_t>(D + H) * kNR;
}
inline size_t lstm_bias_size(int H) { return static_cast<size_t>(lstm_panels(H)) * kNR; }
// Pack a layer on the pool. p.b has `biases` rows (4H), and so has `bias`, each in the panels' order.
void pack_lstm(LstmLayer p, float* weights, float* bias, int biases = 1);

// Row r of `a` is [x | h before], or x alone where h before is zero. Rows of the outputs are c_after + at[r]·H,
// h_after + at[r]·row_h and so on; gates may be null.
struct Begun {  // initial sums other than the bias: of row r, sums[of[r]] (…, 4H padded, in the panels' order)
    const float* sums;  // or null
    const int* of;
    int depth;  // number of inputs that are in the sums and not in `a`
};
void lstm_rows(int n, const int* at, LstmPanels panels, int D, int H, Rows a, float* tile, const float* c_before,
               float* c_after, float* h_after, ptrdiff_t row_h, float* gates, Begun begun = {nullptr, nullptr, 0},
               bool zero_before = false);

struct Memory {  // of one sequence: rows that lie `stride` apart
    const float* rows;
    ptrdiff_t stride;
    int width;
};
// out[t, s] = the score of query t and key s, of T queries and S keys. Rows of q and out lie stride_q and stride_out apart.
// v: the score's weight vector, or null.
using Score = void (*)(int T, int S, const float* q, ptrdiff_t stride_q, Memory keys, const float* v, float* out, ptrdiff_t stride_out);
// q[t]·keys[s], 16 lanes and then their sum.
void dots(int T, int S, const float* q, ptrdiff_t stride_q, Memory keys, const float* v, float* out, ptrdiff_t stride_out);
// v·tanh(q[t] + keys[s]), summed likewise.
void additive_scores(int T, int S, const float* q, ptrdiff_t stride_q, Memory keys, const float* v, float* out, ptrdiff_t stride_out);

// T steps of one sequence, which attend to its keys and mix its values, of which `length` of S are real. Steps of q, weights
// and context lie stride_q, stride_w and stride_c apart.   bias: S floats for each step, stride_bias apart, that are added to
// the scores; or null.
void attend(Score score, int T, int S, const float* q, ptrdiff_t stride_q, Memory keys, const float* v, Memory values, int length,
            const float* bias, ptrdiff_t stride_bias, float* weights, ptrdiff_t stride_w, float* context, ptrdiff_t stride_c);

struct Softmax {
    float top, total, log_total;  // the greatest logit, Σ exp(logit - top), and its logarithm
};
float sum_of(int V, const float* x);
Softmax softmax_sums(int V, const float* logits, float scale, float* exps);  // exps[j] = exp(scale (logit - top)); may be null
double natural_log(float x);  // of a positive number or NaN

// Turn the log-probabilities (V,) of generating into those of one row's mixture. Its source has symbols `stride` apart;
// `zeros` are mixing_size floats, of which the first V are 0 before and after.
void mix_copies(int V, int S, const float* weights, float gate, const int32_t* source, ptrdiff_t stride, float* log_probs,
                float* zeros);
size_t mixing_size(int V, int S);
// The log-odds of copying of one row: x (H,) and its source's conditioning vector are the inputs of the output layer.
float gate_of(const Decoder& d, const float* x, int source);

}  // namespace seqwright::SEQWRIGHT_ISA
