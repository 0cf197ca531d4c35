// Attention of one sequence: functions shared by the dot product and the additive score.
#pragma once

#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

SEQWRIGHT_INLINE int clipped(int length, int S) { return larger(0, smaller(length, S)); }

// out[r] = (out[r] or, unless `add`, 0) + Σ_k weight[r, k] m[k] over E, for N rows. The weight is at r·WR + k·WK.
void mix(int N, int K, int E, const float* weight, ptrdiff_t WR, ptrdiff_t WK, const float* m, ptrdiff_t stride_m, float* out,
         ptrdiff_t stride_out, bool add);

// Adds the dscore (T, S) of each of B sequences to dbias (T, S), one after the other.
void add_bias_gradients(int T, int B, int S, const int32_t* lengths, const float* dscores, float* dbias);

// dscore (T, S) from the gradients of the context and, unless null, of the weights: w (dw - Σ_s dw w), dw = dcontext·values
// (+ dweights). Of S columns, `length` are written. Steps of dweights lie as those of the weights do.
void score_gradients(int T, int S, Memory values, int length, const float* dcontext, ptrdiff_t stride_dc, const float* dweights,
                     const float* weights, ptrdiff_t stride_w, float* dscore);

}  // namespace seqwright::SEQWRIGHT_ISA
