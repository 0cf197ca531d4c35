// y = x W + b over rows: the twin of kernels/reference/affine.py.
//
//   y = b + x W                                   x (N, D)   W (D, M)   b (M) or null   y (N, M)
//   dx = dy Wᵀ      dW += xᵀ dy      db += Σ dy   db (M) or null
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

void affine_forward(int N, int D, int M, const float* x, const float* W, const float* b, float* out) {
    matmul(N, D, M, x, W, b, out);
}

void affine_backward(int N, int D, int M, const float* dout, const float* x, const float* W, float* dx, float* dW,
                     float* db) {
    add_outer(N, {x, D, nullptr, 0}, M, dout, dW, nullptr, db);
    matmul_transposed(N, M, D, dout, W, dx);
}

}  // namespace seqwright::SEQWRIGHT_ISA
