// Additive attention over a padded memory; specified by kernels/reference/additive_attention.py.
//
//   w[t, b] = softmax over s < lengths[b] of v·tanh(q[t, b] + keys[s, b])      q (T, B, A)   keys (S, B, A)   v (A,)
//   context[t, b] = Σ_s w[t, b, s] memory[s, b]                                memory (S, B, M)   context (T, B, M)
//
//   dscore = w (dw - Σ_s dw w), as for the dot product        u = tanh(q + keys), recomputed: it has T S B A numbers
//   da = dscore v (1 - u²)      dq = Σ_s da      dkeys = Σ_t da      dv += Σ dscore u      dmemory += Σ_t w dcontext
//
// A bias (T, S), the same for all sequences, may be added to the scores; dbias += Σ_b dscore.
//
// A sequence at a time, and the sequences cut over the threads. dv sums over the sequences in order, so that
// it does not depend on the number of threads.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2, beside other work, T 10, B 128, S 8, A 256, M 512: forward 0.54 ms, backward
// 1.7 ms (AVX2 1.1, 1.9; NumPy 1.5, 27). Nearly all of it is tanh.
#include "attention.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr double kTanh = 16;  // what a tanh costs, in multiply-adds

// f(b) for each sequence, on the pool.
template <typename F>
void each_sequence(int T, int B, int S, int A, const F& f) {
    const int tasks = tasks_for(kTanh * T * B * S * A, 1 << 17, larger(1, B));
    parallel(tasks, [&](int i) {
        const Range mine = share(B, tasks, i);
        for (int b = mine.begin; b < mine.end; b++) f(b);
    });
}

// dq, dkeys and dv of one sequence, from its dscore (T, S). Steps of q, keys and their gradients lie `stride` apart.
void add_backward(int T, int S, int A, int length, const float* dscore, const float* q, const float* keys, ptrdiff_t stride,
                  const float* v, float* dq, float* dkeys, float* dv) {
    for (int s = 0; s < S; s++) memset(dkeys + s * stride, 0, static_cast<size_t>(A) * sizeof(float));
    const Vec one = set(1.0f);
    for (int a = 0; a < A; a += kLanes) {
        const int lanes = A - a;
        const Vec v_a = masked_load(v + a, lanes);
        Vec dv_a = zero();
        for (int t = 0; t < T; t++) {
            const Vec q_t = masked_load(q + t * stride + a, lanes);
            Vec dq_t = zero();
            for (int s = 0; s < length; s++) {
                float* dkey = dkeys + s * stride + a;
                const Vec u = tanh(q_t + masked_load(keys + s * stride + a, lanes)), d = set(dscore[static_cast<ptrdiff_t>(t) * S + s]);
                const Vec da = d * v_a * (one - u * u);
                dv_a = fma(d, u, dv_a);
                dq_t = dq_t + da;
                masked_store(dkey, masked_load(dkey, lanes) + da, lanes);
            }
            masked_store(dq + t * stride + a, dq_t, lanes);
        }
        masked_store(dv + a, dv_a, lanes);
    }
}

}  // namespace

void additive_scores(int T, int S, const float* q, ptrdiff_t stride_q, Memory keys, const float* v, float* out,
                     ptrdiff_t stride_out) {
    for (int t = 0; t < T; t++) {
        for (int s = 0; s < S; s++) {
            const float *q_t = q + t * stride_q, *key = keys.rows + s * keys.stride;
            Vec total = zero();
            for (int a = 0; a < keys.width; a += kLanes) {
                const int lanes = keys.width - a;
                total = fma(masked_load(v + a, lanes), tanh(masked_load(q_t + a, lanes) + masked_load(key + a, lanes)), total);
            }
            out[t * stride_out + s] = sum(total);
        }
    }
}

void additive_attention_forward(int T, int B, int S, int A, int M, const float* q, const float* keys, const float* v,
                                const float* memory, const int32_t* lengths, float* weights, float* context,
                                ptrdiff_t row_context, const float* bias) {
    const ptrdiff_t stride = static_cast<ptrdiff_t>(B) * A;
    each_sequence(T, B, S, A, [&](int b) {
        const ptrdiff_t at = static_cast<ptrdiff_t>(b) * A;
        const Memory values{memory + static_cast<ptrdiff_t>(b) * M, static_cast<ptrdiff_t>(B) * M, M};
        attend(additive_scores, T, S, q + at, stride, {keys + at, stride, A}, v, values, lengths[b], bias, S, weights + static_cast<ptrdiff_t>(b) * S,
               static_cast<ptrdiff_t>(B) * S, context + b * row_context, B * row_context);
    });
}

void additive_attention_backward(int T, int B, int S, int A, int M, const float* dcontext, ptrdiff_t row_dcontext,
                                 const float* dweights, const float* q, const float* keys, const float* v, const float* memory,
                                 const int32_t* lengths, const float* weights, float* dq, float* dkeys, float* dv, float* dmemory,
                                 float* dbias) {
    const ptrdiff_t stride = static_cast<ptrdiff_t>(B) * A, stride_m = static_cast<ptrdiff_t>(B) * M;
    const ptrdiff_t stride_w = static_cast<ptrdiff_t>(B) * S, stride_dc = B * row_dcontext;
    float* dv_of = workspace(Slot::packed, static_cast<size_t>(B) * static_cast<size_t>(A));  // each sequence
    const size_t steps = static_cast<size_t>(T) * static_cast<size_t>(S);
    float* dscores = dbias == nullptr ? nullptr : workspace(Slot::bias, static_cast<size_t>(B) * steps);  // of each sequence
    each_sequence(T, B, S, A, [&](int b) {
        float* dscore = dscores == nullptr ? workspace(Slot::step, steps) : dscores + static_cast<size_t>(b) * steps;
        const int length = clipped(lengths[b], S);
        const ptrdiff_t at = static_cast<ptrdiff_t>(b) * A, at_m = static_cast<ptrdiff_t>(b) * M, at_w = static_cast<ptrdiff_t>(b) * S;
        const float *w = weights + at_w, *dc = dcontext + b * row_dcontext;
        score_gradients(T, S, {memory + at_m, stride_m, M}, length, dc, stride_dc, dweights == nullptr ? nullptr : dweights + at_w, w,
                        stride_w, dscore);
        add_backward(T, S, A, length, dscore, q + at, keys + at, stride, v, dq + at, dkeys + at, dv_of + at);
        mix(length, T, M, w, 1, stride_w, dc, stride_dc, dmemory + at_m, stride_m, true);
    });
    for (int b = 0; b < B; b++)
        for (int a = 0; a < A; a++) dv[a] += dv_of[static_cast<ptrdiff_t>(b) * A + a];
    if (dbias != nullptr) add_bias_gradients(T, B, S, lengths, dscores, dbias);
}

}  // namespace seqwright::SEQWRIGHT_ISA
