// Generation, the whole loop: the twin of kernels/reference/generate.py.
//
//   x = [E[id], peek]      h, c = LSTM layers (x)       q = h Wa       context = attention (q, memory)
//   h̃ = tanh([context, h] Wc + bc)      scores = [h̃ or h, peek] W + b      id = the best symbol, or a sampled one
//
// Rows are independent: they are cut over the threads, each thread runs all steps of its rows, and a row that has ended
// drops out of the products (its state stays as its last step left it). With more than a few rows the weights are packed
// once for all steps; a few rows stream them from where they lie.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2; D 128, H 256, bilinear attention over 8 rows of 512, 10 symbols of 64: one row
// 0.36 ms (2.9 MB of weights a step at 80 GB/s, which is what the third-level cache gives), 4 rows 0.66 ms, 16 rows 1.4 ms,
// 256 rows 20 ms. Cutting one row's columns over threads was not tried: it would need a barrier behind every product.
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

struct Matrix {  // y = x W + b
    const float *W, *b;
    int K, N;
    const float *panels, *bias;  // packed, or null
};

size_t panels_size(int K, int N) { return static_cast<size_t>(panels(N)) * static_cast<size_t>(K) * kPanel; }

// y (n, N) = x (n, K) W + b. `blocks` is room for the copied rows.
void product(const Matrix& m, int n, const float* x, float* y, float* blocks) {
    if (m.panels == nullptr) {
        for (int r = 0; r < n; r++) {
            float* row = y + static_cast<ptrdiff_t>(r) * m.N;
            if (m.b != nullptr) memcpy(row, m.b, static_cast<size_t>(m.N) * sizeof(float));
            else memset(row, 0, static_cast<size_t>(m.N) * sizeof(float));
        }
        return stream(n, m.K, m.N, x, m.K, m.W, m.N, y, m.N);
    }
    const Rows a{blocks, n};
    for (int r = 0; r < n; r++) put(a, r, 0, x + static_cast<ptrdiff_t>(r) * m.K, m.K);
    for (int p = 0; p < panels(m.N); p++)
        multiply(n, m.K, a, m.panels + static_cast<ptrdiff_t>(p) * m.K * kPanel,
                 m.bias == nullptr ? nullptr : m.bias + p * kPanel, 0, y + p * kPanel, m.N,
                 smaller(kPanel, m.N - p * kPanel));
}

void pack(Matrix& m, float*& weights, float*& biases) {
    float* to = weights;
    const int count = panels(m.N), tasks = tasks_for(static_cast<double>(m.K) * m.N, 1 << 15, larger(1, count));
    parallel(tasks, [&](int i) {
        const Range mine = share(count, tasks, i);
        for (int p = mine.begin; p < mine.end; p++)
            pack_panel(m.W, m.N, m.K, m.N, p, to + static_cast<ptrdiff_t>(p) * m.K * kPanel);
    });
    m.panels = to;
    weights += panels_size(m.K, m.N);
    if (m.b == nullptr) return;
    memset(biases, 0, static_cast<size_t>(count) * kPanel * sizeof(float));
    memcpy(biases, m.b, static_cast<size_t>(m.N) * sizeof(float));
    m.bias = biases;
    biases += count * kPanel;
}

// One step of one layer for rows that are not packed: sums (n, 4H) is scratch.
void lstm_streamed(const LstmLayer& p, int n, const int* at, const float* x, float* h, float* c, float* before, float* sums) {
    const int H = p.H;
    for (int r = 0; r < n; r++) {
        memcpy(sums + static_cast<ptrdiff_t>(r) * 4 * H, p.b, static_cast<size_t>(4 * H) * sizeof(float));
        memcpy(before + static_cast<ptrdiff_t>(r) * H, h + static_cast<ptrdiff_t>(at[r]) * H, static_cast<size_t>(H) * sizeof(float));
    }
    stream(n, p.D, 4 * H, x, p.D, p.Wx, 4 * H, sums, 4 * H);
    stream(n, H, 4 * H, before, H, p.Wh, 4 * H, sums, 4 * H);
    for (int r = 0; r < n; r++) {
        const float* a = sums + static_cast<ptrdiff_t>(r) * 4 * H;
        float *h_r = h + static_cast<ptrdiff_t>(at[r]) * H, *c_r = c + static_cast<ptrdiff_t>(at[r]) * H;
        for (int u = 0; u < H; u += kLanes) {
            const int lanes = H - u;
            const Point y = lstm_point(take(a + u, lanes), take(a + H + u, lanes), take(a + 2 * H + u, lanes),
                                       take(a + 3 * H + u, lanes), take(c_r + u, lanes));
            give(c_r + u, y.c, lanes);
            give(h_r + u, y.h, lanes);
        }
    }
}

// The first of the best symbols, as argmax has it: a NaN is better than any number.
int best_of(int V, const float* scores, const Softmax& z) {
    if (z.total == z.total) {
        for (int j = 0; j < V; j++)
            if (scores[j] == z.top) return j;
    }
    int best = 0;
    for (int j = 0; j < V; j++) {
        if (scores[j] != scores[j]) return j;
        if (scores[j] > scores[best]) best = j;
    }
    return best;
}

// The symbol under u in the cumulative distribution of exps / total.
int drawn(int V, const float* exps, float total, float u) {
    const float bound = u * total;
    float cumulative = 0;
    for (int j = 0; j < V; j++) {
        cumulative += exps[j];
        if (!(cumulative <= bound)) return j;
    }
    return V - 1;
}

struct Scratch {
    float* next;
    float* take(size_t n) {
        float* p = next;
        next += (n + 15) / 16 * 16;
        return p;
    }
};

}  // namespace

void generate(const Generation& g) {
    const ptrdiff_t B = g.B;
    for (ptrdiff_t i = 0; i < B * g.T; i++) {
        g.ids[i] = -1;
        g.log_probs[i] = 0;
    }
    memset(g.lengths, 0, static_cast<size_t>(B) * sizeof(int32_t));
    if (g.T == 0 || B == 0) return;

    const int H = g.H, P = g.P, S = g.S, M = g.M, V = g.V, width_x = g.D + P;
    const int attended = g.attends ? M + H : 0;
    Matrix query{g.Wa, nullptr, H, M, nullptr, nullptr}, combine{g.Wc, g.bc, M + H, H, nullptr, nullptr},
        output{g.W, g.b, H + P, V, nullptr, nullptr};
    LstmPanels* layers = nullptr;
    if (B > kStreamed) {
        size_t weights_size = panels_size(H + P, V) + (g.attends ? panels_size(M + H, H) + panels_size(H, M) : 0);
        size_t bias_size = static_cast<size_t>(panels(V) + panels(H)) * kPanel;
        for (int l = 0; l < g.n_layers; l++) {
            weights_size += lstm_panels_size(g.layers[l].D, H);
            bias_size += lstm_bias_size(H) + sizeof(LstmPanels) / sizeof(float);
        }
        float* weights = workspace(Slot::packed, weights_size);
        float* biases = workspace(Slot::bias, bias_size);
        layers = reinterpret_cast<LstmPanels*>(biases);
        biases += static_cast<size_t>(g.n_layers) * (sizeof(LstmPanels) / sizeof(float));
        for (int l = 0; l < g.n_layers; l++) {
            layers[l] = {weights, biases};
            pack_lstm(g.layers[l], weights, biases);
            weights += lstm_panels_size(g.layers[l].D, H);
            biases += lstm_bias_size(H);
        }
        if (g.attends) {
            if (g.Wa != nullptr) pack(query, weights, biases);
            pack(combine, weights, biases);
        }
        pack(output, weights, biases);
    }

    const int most_deep = larger(larger(width_x, H) + H, larger(H + P, attended));
    double weights_of_a_row = static_cast<double>(H + P) * V + (g.attends ? static_cast<double>(M + H) * H + static_cast<double>(H) * M : 0);
    for (int l = 0; l < g.n_layers; l++) weights_of_a_row += 4.0 * H * (g.layers[l].D + H);
    const int shards = tasks_for(weights_of_a_row * static_cast<double>(B) * g.T, 1 << 17, static_cast<int>(B));
    parallel(shards, [&](int shard) {
        const Range mine = share(static_cast<int>(B), shards, shard);
        const int most = mine.end - mine.begin;
        const auto rows = static_cast<size_t>(most);
        float* blocks = workspace(Slot::rows, rows_size(most, most_deep));
        float* tile = workspace(Slot::tile, rows * (4 * kLanes));
        int* live = reinterpret_cast<int*>(workspace(Slot::state, 2 * rows));
        int* symbols = live + most;  // of each live row
        const size_t wide = static_cast<size_t>(larger(most_deep, larger(4 * H, M)));
        Scratch room{workspace(Slot::step, 4 * (rows * wide + 16) + rows * static_cast<size_t>(V) +
                                               static_cast<size_t>(V) + static_cast<size_t>(S) + 64)};
        float* x = room.take(rows * wide);
        float* y = room.take(rows * wide);
        float* sums = room.take(rows * wide);
        float* before = room.take(rows * wide);
        float* scores = room.take(rows * static_cast<size_t>(V));
        float* exps = room.take(static_cast<size_t>(V));
        float* weights = room.take(static_cast<size_t>(S));

        int n = 0;
        for (int b = mine.begin; b < mine.end; b++)
            if (g.limits[b] > 0) {
                live[n] = b;
                symbols[n++] = g.start_id;
            }
        for (int t = 0; t < g.T && n > 0; t++) {
            const auto floats = [](int count) { return static_cast<size_t>(count) * sizeof(float); };
            for (int r = 0; r < n; r++) {
                float* row = x + static_cast<ptrdiff_t>(r) * width_x;
                memcpy(row, g.E + static_cast<ptrdiff_t>(symbols[r]) * g.D, floats(g.D));
                if (P > 0) memcpy(row + g.D, g.peek + static_cast<ptrdiff_t>(live[r]) * P, floats(P));
            }
            for (int l = 0; l < g.n_layers; l++) {
                const int D = g.layers[l].D;
                float *h = g.h + l * B * H, *c = g.c + l * B * H;
                if (layers != nullptr) {
                    const Rows a{blocks, n};
                    for (int r = 0; r < n; r++) {
                        put(a, r, 0, x + static_cast<ptrdiff_t>(r) * D, D);
                        put(a, r, D, h + static_cast<ptrdiff_t>(live[r]) * H, H);
                    }
                    lstm_rows(n, live, layers[l], D, H, a, tile, c, c, h, nullptr);
                } else {
                    lstm_streamed(g.layers[l], n, live, x, h, c, before, sums);
                }
                for (int r = 0; r < n; r++)
                    memcpy(x + static_cast<ptrdiff_t>(r) * H, h + static_cast<ptrdiff_t>(live[r]) * H, floats(H));
            }
            if (g.attends) {
                const float* q = x;
                if (g.Wa != nullptr) {
                    product(query, n, x, y, blocks);
                    q = y;
                }
                for (int r = 0; r < n; r++) {
                    float* row = sums + static_cast<ptrdiff_t>(r) * attended;  // [context, h]
                    attend(1, S, M, q + static_cast<ptrdiff_t>(r) * M, 0, g.memory + static_cast<ptrdiff_t>(live[r]) * M,
                           B * M, g.memory_lengths[live[r]], weights, 0, row);
                    memcpy(row + M, x + static_cast<ptrdiff_t>(r) * H, floats(H));
                }
                product(combine, n, sums, x, blocks);
                for (int i = 0; i < n * H; i += kLanes) give(x + i, tanh(take(x + i, n * H - i)), n * H - i);
            }
            const float* top = x;
            if (P > 0) {
                for (int r = 0; r < n; r++) {
                    float* row = y + static_cast<ptrdiff_t>(r) * (H + P);
                    memcpy(row, x + static_cast<ptrdiff_t>(r) * H, floats(H));
                    memcpy(row + H, g.peek + static_cast<ptrdiff_t>(live[r]) * P, floats(P));
                }
                top = y;
            }
            product(output, n, top, scores, blocks);
            int still = 0;
            for (int r = 0; r < n; r++) {
                const int b = live[r];
                const float* s = scores + static_cast<ptrdiff_t>(r) * V;
                const Softmax z = softmax_sums(V, s, 1.0f, nullptr);
                int id;
                if (g.uniforms == nullptr) {
                    id = best_of(V, s, z);
                } else {
                    const Softmax tempered = softmax_sums(V, s, 1.0f / g.temperature, exps);
                    id = drawn(V, exps, tempered.total, g.uniforms[t * B + b]);
                }
                g.ids[t * B + b] = id;
                g.log_probs[t * B + b] = (s[id] - z.top) - z.log_total;
                g.lengths[b] = t + 1;
                if (id == g.end_id || t + 1 >= g.limits[b]) continue;
                live[still] = b;
                symbols[still++] = id;
            }
            n = still;
        }
    });
}

}  // namespace seqwright::SEQWRIGHT_ISA
