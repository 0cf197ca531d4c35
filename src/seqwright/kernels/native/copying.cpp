// A decoder that generates symbols or copies them from the source; specified by kernels/reference/copying.py.
//
//   γ = σ(gate)   C_v = Σ_s weights_s [source_s = v]   w = 1 - γ Σ_v C_v   P = softmax(logits)   p_v = w P_v + γ C_v
//   nll = -Σ_v q_v log p_v, 0 at padding      q = (1 - ε) δ_y + ε / V      logits, P (T, B, V)   weights (T, B, S)
//
//   pull_v = q_v γ / p_v      R = Σ_v q_v w P_v / p_v = 1 - Σ_v pull_v C_v
//   dlogits_v = R P_v - q_v + pull_v C_v      dweights_s = γ R / w - pull_v, v = source_s      dgate = (1 - γ) Σ_s dweights_s weights_s
//
// log p differs from log P + log w only for symbols that can be copied, at most S: a row costs as much as in the
// cross-entropy, and S logarithms. They are summed as log(exp a + exp b), so that nothing finite becomes infinite.
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

float exp_of(float x) {
    alignas(64) float lanes[kLanes];
    store(lanes, exp(set(x)));
    return lanes[0];
}

float log_of(float x) { return static_cast<float>(natural_log(x)); }

float softplus(float x) { return (x > 0 ? x : 0) + log_of(1 + exp_of(x > 0 ? -x : x)); }

// log(exp a + exp b), where either may be -inf.
float log_sum(float a, float b) {
    if (b == -INFINITY) return a;
    if (a == -INFINITY) return b;
    const float top = a > b ? a : b;
    return top + log_of(1 + exp_of(a > b ? b - a : a - b));
}

struct Copied {  // a symbol that the source has, and C_v
    int symbol;
    float weight;
};

struct Mix {
    float log_gamma, log_not_gamma, log_w;
    int n;  // number of symbols that can be copied
};

size_t tally_size(int V, int S) { return static_cast<size_t>(V) + 2 * static_cast<size_t>(S); }

struct Tally {
    float* of_symbol;  // (V,), all 0 between two rows
    Copied* copied;    // (S,)
};

Tally tally_at(int V, float* at) { return {at, reinterpret_cast<Copied*>(at + V)}; }

// List the symbols that can be copied, in the order of the source; source[s · stride] < 0 is none.
Mix mix_of(int S, const float* weights, float gate, const int32_t* source, ptrdiff_t stride, const Tally& tally) {
    Mix m{-softplus(-gate), -softplus(gate), 0, 0};
    float all = 0;
    for (int s = 0; s < S; s++) {
        const int32_t v = source[s * stride];
        if (v < 0 || !(weights[s] > 0)) continue;
        if (tally.of_symbol[v] == 0) tally.copied[m.n++].symbol = v;
        tally.of_symbol[v] += weights[s];
        all += weights[s];
    }
    for (int k = 0; k < m.n; k++) {
        tally.copied[k].weight = tally.of_symbol[tally.copied[k].symbol];
        tally.of_symbol[tally.copied[k].symbol] = 0;
    }
    const float left = 1 - all;  // w = (1 - γ) + γ left is never 0, as 1 - γ (1 - left) would be by rounding
    m.log_w = left > 0 ? log_sum(m.log_not_gamma, m.log_gamma + log_of(left)) : m.log_not_gamma;
    return m;
}

// f(row, tally) for the rows of T steps of B sequences, cut over the pool.
template <typename F>
void each_row(int rows, int V, int S, double worth_a_task, const F& f) {
    const int tasks = tasks_for(static_cast<double>(rows) * (V + 8.0 * S), worth_a_task, larger(1, rows));
    parallel(tasks, [&](int i) {
        const Range mine = share(rows, tasks, i);
        const Tally tally = tally_at(V, workspace(Slot::step, tally_size(V, S)));
        memset(tally.of_symbol, 0, static_cast<size_t>(V) * sizeof(float));
        for (int row = mine.begin; row < mine.end; row++) f(row, tally);
    });
}

}  // namespace

void copy_cross_entropy_forward(int T, int B, int V, int S, const float* logits, const float* weights, const float* gate,
                                const int32_t* source, const int32_t* targets, const int32_t* lengths, float smoothing,
                                float* probs, float* nll) {
    each_row(T * B, V, S, 1 << 14, [&](int row, const Tally& tally) {
        const float* s = logits + static_cast<ptrdiff_t>(row) * V;
        float* p = probs + static_cast<ptrdiff_t>(row) * V;
        const Softmax z = softmax_sums(V, s, 1.0f, p);
        const Vec total = set(z.total);
        for (int j = 0; j < V; j += kLanes) masked_store(p + j, masked_load(p + j, V - j) / total, V - j);
        if (row / B >= lengths[row % B]) {
            nll[row] = 0;
            return;
        }
        const Mix m = mix_of(S, weights + static_cast<ptrdiff_t>(row) * S, gate[row], source + row % B, B, tally);
        float all_gains = 0, gain_at_target = 0;  // log p_v - (log P_v + log w)
        for (int k = 0; k < m.n; k++) {
            const auto [v, weight] = tally.copied[k];
            const float generated = (s[v] - z.top) - z.log_total + m.log_w;
            const float gain = log_sum(generated, m.log_gamma + log_of(weight)) - generated;
            all_gains += gain;
            if (v == targets[row]) gain_at_target = gain;
        }
        float loss = z.log_total - (s[targets[row]] - z.top) - m.log_w - gain_at_target;
        if (smoothing != 0) {
            const float mean = sum_of(V, s) / static_cast<float>(V), mean_gain = all_gains / static_cast<float>(V);
            loss = (1 - smoothing) * loss + smoothing * (z.log_total - (mean - z.top) - m.log_w - mean_gain);
        }
        nll[row] = loss;
    });
}

void copy_cross_entropy_backward(int T, int B, int V, int S, const float* probs, const float* weights, const float* gate,
                                 const int32_t* source, const int32_t* targets, const int32_t* lengths, float smoothing,
                                 float scale, float* dlogits, float* dweights, float* dgate) {
    const float everywhere = smoothing / static_cast<float>(V);
    constexpr float tiny = 1.17549435e-38f;
    each_row(T * B, V, S, 1 << 14, [&](int row, const Tally& tally) {
        const float *p = probs + static_cast<ptrdiff_t>(row) * V, *row_weights = weights + static_cast<ptrdiff_t>(row) * S;
        float *d = dlogits + static_cast<ptrdiff_t>(row) * V, *row_dweights = dweights + static_cast<ptrdiff_t>(row) * S;
        if (row / B >= lengths[row % B]) {
            memset(d, 0, static_cast<size_t>(V) * sizeof(float));
            memset(row_dweights, 0, static_cast<size_t>(S) * sizeof(float));
            dgate[row] = 0;
            return;
        }
        const Mix m = mix_of(S, row_weights, gate[row], source + row % B, B, tally);
        const float gamma = exp_of(m.log_gamma), w = exp_of(m.log_w);
        float generated = 1;  // R
        for (int k = 0; k < m.n; k++) {
            const auto [v, weight] = tally.copied[k];
            const float wanted = everywhere + (v == targets[row] ? 1 - smoothing : 0), mixture = w * p[v] + gamma * weight;
            const float pull = wanted * gamma / (mixture > tiny ? mixture : tiny);
            tally.of_symbol[v] = pull;
            generated -= pull * weight;
        }
        const Vec less = set(everywhere), factor = set(scale), share_of_all = set(generated);
        for (int j = 0; j < V; j += kLanes) masked_store(d + j, (masked_load(p + j, V - j) * share_of_all - less) * factor, V - j);
        d[targets[row]] -= (1 - smoothing) * scale;
        const float from_w = gamma * generated / w;
        float at_gate = 0;
        for (int s = 0; s < S; s++) {
            const int32_t v = source[static_cast<ptrdiff_t>(s) * B + row % B];
            row_dweights[s] = v < 0 ? 0 : (from_w - tally.of_symbol[v]) * scale;
            at_gate += row_dweights[s] * row_weights[s];
        }
        dgate[row] = exp_of(m.log_not_gamma) * at_gate;
        for (int k = 0; k < m.n; k++) {
            const auto [v, weight] = tally.copied[k];
            d[v] += tally.of_symbol[v] * weight * scale;
            tally.of_symbol[v] = 0;
        }
    });
}

size_t mixing_size(int V, int S) { return tally_size(V, S); }

float gate_of(const Decoder& d, const float* x, int source) {
    float of_x, of_conditioning = 0;
    dots(1, 1, x, 0, {d.gate_W, 0, d.H}, nullptr, &of_x, 0);
    const float* conditioning = d.conditioning + static_cast<ptrdiff_t>(source) * d.P;
    if (d.P > 0) dots(1, 1, conditioning, 0, {d.gate_W + d.H, 0, d.P}, nullptr, &of_conditioning, 0);
    return of_x + of_conditioning + d.gate_b[0];
}

void mix_copies(int V, int S, const float* weights, float gate, const int32_t* source, ptrdiff_t stride, float* log_probs,
                float* zeros) {
    const Tally tally = tally_at(V, zeros);
    const Mix m = mix_of(S, weights, gate, source, stride, tally);
    const Vec log_w = set(m.log_w);
    for (int j = 0; j < V; j += kLanes) masked_store(log_probs + j, masked_load(log_probs + j, V - j) + log_w, V - j);
    for (int k = 0; k < m.n; k++) {
        const auto [v, weight] = tally.copied[k];
        log_probs[v] = log_sum(log_probs[v], m.log_gamma + log_of(weight));
    }
}

void copy_log_probs(int T, int B, int V, int S, const float* logits, const float* weights, const float* gate,
                    const int32_t* source, float* log_probs) {
    each_row(T * B, V, S, 1 << 14, [&](int row, const Tally& tally) {
        const float* s = logits + static_cast<ptrdiff_t>(row) * V;
        float* y = log_probs + static_cast<ptrdiff_t>(row) * V;
        const Softmax z = softmax_sums(V, s, 1.0f, nullptr);
        const Vec top = set(z.top), log_total = set(z.log_total);
        for (int j = 0; j < V; j += kLanes) masked_store(y + j, (masked_load(s + j, V - j) - top) - log_total, V - j);
        mix_copies(V, S, weights + static_cast<ptrdiff_t>(row) * S, gate[row], source + row % B, B, y, tally.of_symbol);
    });
}

}  // namespace seqwright::SEQWRIGHT_ISA
