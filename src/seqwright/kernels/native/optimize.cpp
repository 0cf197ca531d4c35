// Clipping and Adam on one flat vector; specified by kernels/reference/optimize.py.
//
//   g = scale · grad      m = β₁ m + (1 - β₁) g      v = β₂ v + (1 - β₂) g²
//   p = (1 - rate · decay) p - rate / (1 - β₁ᵗ) · m / (√(v / (1 - β₂ᵗ)) + ε)
//
// One pass over four vectors; bound by memory. Σ x² is summed in float64: 16 lanes over chunks of a fixed size, and the
// chunks in order, so that the result does not depend on threads or instruction sets.
//
// Two million parameters on one thread of an AMD EPYC (Zen 5), GCC 12.2: Adam 1.0 ms (NumPy 13), norm 0.11 ms (NumPy 1.1).
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr size_t kChunk = 8192;

double chunk_norm(size_t n, const float* x) {
    double lanes[kLanes] = {};
    size_t i = 0;
    for (; i + kLanes <= n; i += kLanes)
        for (int l = 0; l < kLanes; l++) {
            const double value = x[i + static_cast<size_t>(l)];  // 24 + 24 bits: its square is exact
            lanes[l] += value * value;
        }
    for (int l = 0; i < n; i++, l++) {
        const double value = x[i];
        lanes[l] += value * value;
    }
    for (int width = kLanes / 2; width > 0; width /= 2)
        for (int l = 0; l < width; l++) lanes[l] += lanes[l + width];
    return lanes[0];
}

}  // namespace

double squared_norm(size_t N, const float* x) {
    const int chunks = static_cast<int>((N + kChunk - 1) / kChunk);
    double* sums = reinterpret_cast<double*>(workspace(Slot::step, 2 * static_cast<size_t>(chunks)));
    const int tasks = tasks_for(static_cast<double>(N), 1 << 17, larger(1, chunks));
    parallel(tasks, [&](int i) {
        const Range mine = share(chunks, tasks, i);
        for (int chunk = mine.begin; chunk < mine.end; chunk++) {
            const size_t at = static_cast<size_t>(chunk) * kChunk;
            sums[chunk] = chunk_norm(N - at < kChunk ? N - at : kChunk, x + at);
        }
    });
    double total = 0;
    for (int chunk = 0; chunk < chunks; chunk++) total += sums[chunk];
    return total;
}

void adam_update(size_t N, float* params, const float* grads, float* m, float* v, double rate, double beta1, double beta2,
                 double eps, double weight_decay, int64_t step, double scale) {
    const double first = 1 - pow(beta1, static_cast<double>(step)), second = 1 - pow(beta2, static_cast<double>(step));
    const Vec b1 = set(static_cast<float>(beta1)), a1 = set(static_cast<float>(1 - beta1));
    const Vec b2 = set(static_cast<float>(beta2)), a2 = set(static_cast<float>(1 - beta2));
    const Vec size = set(static_cast<float>(rate / first)), spread = set(static_cast<float>(1 / ::sqrt(second)));
    const Vec keep = set(static_cast<float>(1 - rate * weight_decay)), epsilon = set(static_cast<float>(eps));
    const Vec factor = set(static_cast<float>(scale));
    const int chunks = static_cast<int>((N + kChunk - 1) / kChunk);
    const int tasks = tasks_for(static_cast<double>(N), 1 << 16, larger(1, chunks));
    parallel(tasks, [&](int i) {
        const Range mine = share(chunks, tasks, i);
        const size_t end = mine.end == chunks ? N : static_cast<size_t>(mine.end) * kChunk;
        for (size_t n = static_cast<size_t>(mine.begin) * kChunk; n < end; n += kLanes) {
            const int lanes = end - n < kLanes ? static_cast<int>(end - n) : kLanes;
            const Vec g = masked_load(grads + n, lanes) * factor;
            const Vec m_n = fma(b1, masked_load(m + n, lanes), a1 * g);
            const Vec v_n = fma(b2, masked_load(v + n, lanes), a2 * g * g);
            masked_store(m + n, m_n, lanes);
            masked_store(v + n, v_n, lanes);
            masked_store(params + n, keep * masked_load(params + n, lanes) - size * m_n / fma(sqrt(v_n), spread, epsilon), lanes);
        }
    });
}

}  // namespace seqwright::SEQWRIGHT_ISA
