// The two directions of an LSTM that read the same inputs; specified by kernels/reference/lstm.py.
//
// With two threads each takes a direction, from the packing of its weights to their gradient, and they meet once. Cut by
// rows, both would read all weights, with half the rows to a tile, and meet after each packing and each product. With
// more threads the rows are cut, one direction after the other. The bytes are those of two calls.
//
// AMD EPYC (Zen 4), two pinned threads, AVX2, forward and backward in ms, rows cut and directions (one thread in brackets):
// T 15, B 8, D 64, H 256: 1.4, 3.5 → 0.9, 1.7 (1.6, 3.2).   T 9, B 32, the same: 3.1, 7.4 → 1.9, 3.7 (3.5, 7.3).
// T 14, B 32, D 512, H 512: 24, 48 → 21, 41 (34, 69).   T 9, B 128, D 256, H 384: 27, 60 → 24, 51 (39, 82).
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

template <typename F>
void each_direction(double work, const F& f) {
    if (threads() == 2 && tasks_for(work, 1 << 17, 2) == 2) return parallel(2, f);
    f(0);
    f(1);
}

template <typename S>
double multiply_adds(const S& s) {
    return 8.0 * s.T * s.B * s.p.H * (s.p.D + s.p.H);
}

}  // namespace

void bilstm_forward(const LstmForward& forward, const LstmForward& backward) {
    each_direction(multiply_adds(forward), [&](int i) { lstm_forward(i == 0 ? forward : backward); });
}

void bilstm_backward(const LstmBackward& forward, const LstmBackward& backward) {
    each_direction(multiply_adds(forward), [&](int i) { lstm_backward(i == 0 ? forward : backward); });
}

}  // namespace seqwright::SEQWRIGHT_ISA
