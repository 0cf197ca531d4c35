// Rows of a table; specified by kernels/reference/embedding.py.
//
//   out[n] = W[ids[n]]                            W (V, D)   ids (N)   out (N, D)
//   dW[ids[n]] += dout[n], in the order of n      dout (N, D)
//
// Backward is cut by symbol (a thread adds the rows whose id is its own modulo the threads), so that each row of dW is
// summed in the order of n whatever the number of threads. 1280 rows of 128 on one thread of an AMD EPYC (Zen 5): 12 µs
// forward, 15 µs backward (NumPy 10 µs, 1.2 ms).
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

void embedding_forward(int N, int V, int D, const float* W, const int32_t* ids, float* out) {
    (void)V;
    const size_t bytes = static_cast<size_t>(D) * sizeof(float);
    const int tasks = tasks_for(static_cast<double>(N) * D, 1 << 17, N);
    parallel(tasks, [&](int i) {
        const Range mine = share(N, tasks, i);
        for (int n = mine.begin; n < mine.end; n++)
            memcpy(out + static_cast<ptrdiff_t>(n) * D, W + static_cast<ptrdiff_t>(ids[n]) * D, bytes);
    });
}

void embedding_backward(int N, int V, int D, const float* dout, const int32_t* ids, float* dW) {
    const int tasks = tasks_for(static_cast<double>(N) * D, 1 << 16, V);
    parallel(tasks, [&](int i) {
        for (int n = 0; n < N; n++) {
            if (ids[n] % tasks != i) continue;
            float* to = dW + static_cast<ptrdiff_t>(ids[n]) * D;
            const float* from = dout + static_cast<ptrdiff_t>(n) * D;
            for (int d = 0; d < D; d += kLanes) masked_store(to + d, masked_load(to + d, D - d) + masked_load(from + d, D - d), D - d);
        }
    });
}

}  // namespace seqwright::SEQWRIGHT_ISA
