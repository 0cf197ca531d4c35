// Softmax and cross-entropy over time; specified by kernels/reference/cross_entropy.py.
//
//   p = exp(s - max s) / Z      Z = Σ exp(s - max s)                           s, p (T, B, V)
//   nll = log Z - ((1 - ε) s_y + ε mean(s) - max s), 0 at padding               nll (T, B)
//   ds = scale (p - ε / V - (1 - ε) δ_y), 0 at padding
//
// One exponential an element: p is exp(s - max) divided by its sum, where the reference takes exp(log p). Sums run in four
// chains of 16 lanes over the vocabulary, so that they depend on V alone.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2, 1280 rows: V 8000 forward 3.8 ms, backward 1.9 ms (AVX2 6.2, 1.9; NumPy 26.6,
// 3.3); V 64 forward 0.075 ms (NumPy 0.28). A row stays in the second-level cache between the passes over it.
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr int kChains = 4;

float greatest_of(int V, const float* s) {
    Vec top[kChains];
    for (Vec& t : top) t = set(-INFINITY);
    int j = 0;
    for (; j + kChains * kLanes <= V; j += kChains * kLanes)
        for (int k = 0; k < kChains; k++) top[k] = max(top[k], load(s + j + k * kLanes));
    float best = greatest(max(max(top[0], top[1]), max(top[2], top[3])));
    for (; j < V; j++) best = s[j] > best ? s[j] : best;
    return best;
}

// Σ f(j, lanes) with f the vector at j, zeros after the last lane.
template <typename F>
float sum_over(int V, const F& f) {
    Vec total[kChains];
    for (Vec& t : total) t = zero();
    int j = 0;
    for (; j + kChains * kLanes <= V; j += kChains * kLanes)
        for (int k = 0; k < kChains; k++) total[k] = total[k] + f(j + k * kLanes, kLanes);
    for (int k = 0; j < V; j += kLanes, k++) total[k] = total[k] + f(j, smaller(kLanes, V - j));
    return sum((total[0] + total[1]) + (total[2] + total[3]));
}

}  // namespace

// In double and by hand: the libraries' logarithms differ between platforms. x = 2^n m with
// √½ <= m < √2, log m = 2 (u + u³/3 + u⁵/5 + …) with u = (m - 1) / (m + 1), |u| < 0.172; nine terms leave 2e-16.
double natural_log(float x) {
    if (!(x < INFINITY)) return x;
    int n;
    double m = frexp(static_cast<double>(x), &n);
    if (m < 0.70710678118654752) {
        m *= 2;
        n--;
    }
    const double u = (m - 1) / (m + 1), u2 = u * u;
    double series = 0;
    for (int odd = 19; odd >= 1; odd -= 2) series = series * u2 + 1.0 / odd;
    return 2 * u * series + n * 0.69314718055994531;
}

float sum_of(int V, const float* x) {
    return sum_over(V, [&](int j, int lanes) { return masked_load(x + j, lanes); });
}

Softmax softmax_sums(int V, const float* logits, float scale, float* exps) {
    Softmax y;
    y.top = greatest_of(V, logits);
    const Vec top = set(y.top), factor = set(scale);
    alignas(64) float last[kLanes];
    y.total = sum_over(V, [&](int j, int lanes) {
        const Vec e = exp((masked_load(logits + j, lanes) - top) * factor);
        if (exps != nullptr) masked_store(exps + j, e, lanes);
        if (lanes == kLanes) return e;
        store(last, e);
        return load_n(last, lanes);
    });
    y.log_total = static_cast<float>(natural_log(y.total));
    return y;
}

void cross_entropy_forward(int T, int B, int V, const float* logits, const int32_t* targets, const int32_t* lengths,
                           float smoothing, float* probs, float* nll) {
    const int rows = T * B, tasks = tasks_for(static_cast<double>(rows) * V, 1 << 14, rows);
    parallel(tasks, [&](int i) {
        const Range mine = share(rows, tasks, i);
        for (int row = mine.begin; row < mine.end; row++) {
            const float* s = logits + static_cast<ptrdiff_t>(row) * V;
            float* p = probs + static_cast<ptrdiff_t>(row) * V;
            const float at_target = s[targets[row]];
            const float mean = smoothing == 0 ? 0 : sum_of(V, s) / static_cast<float>(V);
            const Softmax z = softmax_sums(V, s, 1.0f, p);
            const Vec total = set(z.total);
            for (int j = 0; j < V; j += kLanes) masked_store(p + j, masked_load(p + j, V - j) / total, V - j);
            float loss = z.log_total - (at_target - z.top);
            if (smoothing != 0) loss = z.log_total - ((1 - smoothing) * (at_target - z.top) + smoothing * (mean - z.top));
            nll[row] = row / B < lengths[row % B] ? loss : 0;
        }
    });
}

void cross_entropy_backward(int T, int B, int V, const float* probs, const int32_t* targets, const int32_t* lengths,
                            float smoothing, float scale, float* dlogits) {
    const int rows = T * B, tasks = tasks_for(static_cast<double>(rows) * V, 1 << 16, rows);
    const float everywhere = smoothing / static_cast<float>(V);
    parallel(tasks, [&](int i) {
        const Range mine = share(rows, tasks, i);
        for (int row = mine.begin; row < mine.end; row++) {
            const float* p = probs + static_cast<ptrdiff_t>(row) * V;
            float* d = dlogits + static_cast<ptrdiff_t>(row) * V;
            if (row / B >= lengths[row % B]) {
                memset(d, 0, static_cast<size_t>(V) * sizeof(float));
                continue;
            }
            const float at_target = ((p[targets[row]] - everywhere) - (1 - smoothing)) * scale;
            const Vec less = set(everywhere), factor = set(scale);
            for (int j = 0; j < V; j += kLanes) masked_store(d + j, (masked_load(p + j, V - j) - less) * factor, V - j);
            d[targets[row]] = at_target;
        }
    });
}

}  // namespace seqwright::SEQWRIGHT_ISA
