// An LSTM over whole sequences: the twin of kernels/reference/lstm.py.
//
//   [ai af ag ao] = b + x_t Wx + h Wh            x (T, B, D)   Wx (D, 4H)   Wh (H, 4H)   b (4H)
//   i, f, o = σ(ai, af, ao)    g = tanh(ag)      gates (T, B, 4H)
//   c' = f c + i g             h' = o tanh(c')   h, c (T + 1, B, H)
//
// The batch is cut into shards, one a thread, and every thread runs all T steps of its rows with no synchronisation in
// between; weights are packed once for all of them. [x_t | h] is one left factor of depth D + H, so a step is one product.
// The weights' gradients sum over all rows and are therefore cut by columns, after the last step.
//
// Measured, one thread of an AMD EPYC (Zen 5), GCC 12.2, forward + backward in ms, GFLOP/s of the products in brackets
// (the processor's limit is 249), beside nn.LSTM of PyTorch 2.13 (oneDNN):
//
//   T, B, D, H              AVX-512          AVX2         PyTorch
//   12, 128, 16, 128       3.6 (188)       7.3 (93)         4.5
//   12, 128, 128, 256     18.5 (196)      36.7 (99)        19.5
//   12, 64, 128, 256       8.9 (203)      18.6 (97)        10.4
//   12, 64, 256, 512      36.8 (197)      71.9 (101)       38.0
//
// A step of 16 units of one row takes 46 cycles behind the product if its operands are near, 75 in place;
// fetching what it writes while the product runs made no difference that could be measured. One row streams Wh at 80 GB/s:
// 150 µs for 8 steps with H = 256.
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr int kGroup = 4 * kLanes;  // columns of a tile: i f g o of 16 units

struct Steps {  // in the order of reading: step t consumes state `before` and makes state `after`
    int T;
    bool reverse;
    int step(int n) const { return reverse ? T - 1 - n : n; }
    int before(int t) const { return reverse ? t + 1 : t; }
    int after(int t) const { return reverse ? t : t + 1; }
};

// Copy the state of rows for which step t is padding; list the others.
int live_rows(int t, Range rows, const int32_t* lengths, int* live) {
    int n = 0;
    for (int b = rows.begin; b < rows.end; b++)
        if (t < lengths[b]) live[n++] = b;
    return n;
}

void pass_through(int t, Range rows, const int32_t* lengths, int H, const float* h_before, const float* c_before,
                  float* h_after, float* c_after, float* gates) {
    for (int b = rows.begin; b < rows.end; b++) {
        if (t < lengths[b]) continue;
        const ptrdiff_t at = static_cast<ptrdiff_t>(b) * H;
        const size_t bytes = static_cast<size_t>(H) * sizeof(float);
        memcpy(h_after + at, h_before + at, bytes);
        memcpy(c_after + at, c_before + at, bytes);
        memset(gates + 4 * at, 0, 4 * bytes);
    }
}

SEQWRIGHT_INLINE void store_point(const Point& y, int u, int n, int H, float* c_after, float* h_after, float* gates) {
    if (n == kLanes) {
        store(c_after + u, y.c);
        store(h_after + u, y.h);
        if (gates == nullptr) return;
        store(gates + u, y.i);
        store(gates + H + u, y.f);
        store(gates + 2 * H + u, y.g);
        store(gates + 3 * H + u, y.o);
    } else {
        store_n(c_after + u, y.c, n);
        store_n(h_after + u, y.h, n);
        if (gates == nullptr) return;
        store_n(gates + u, y.i, n);
        store_n(gates + H + u, y.f, n);
        store_n(gates + 2 * H + u, y.g, n);
        store_n(gates + 3 * H + u, y.o, n);
    }
}

}  // namespace

void pack_lstm(LstmLayer p, float* weights, float* bias) {
    const int groups = ceil_div(p.H, kLanes), K = p.D + p.H;
    const int tasks = tasks_for(4.0 * K * p.H, 1 << 15, groups);
    parallel(tasks, [&](int i) {
        const Range mine = share(groups, tasks, i);
        for (int group = mine.begin; group < mine.end; group++) {
            const int u = group * kLanes, n = smaller(kLanes, p.H - u);
            for (int gate = 0; gate < 4; gate++) {
                const int column = group * 4 + gate, from = gate * p.H + u;
                float* to = weights + static_cast<ptrdiff_t>(column / kWide) * K * kPanel + column % kWide * kLanes;
                pack_columns(p.Wx + from, 4 * p.H, p.D, n, to);
                pack_columns(p.Wh + from, 4 * p.H, p.H, n, to + static_cast<ptrdiff_t>(p.D) * kPanel);
                store(bias + static_cast<ptrdiff_t>(column) * kLanes, take(p.b + from, n));
            }
        }
    });
}

void lstm_rows(int n, const int* at, LstmPanels panels, int D, int H, Rows a, float* tile, const float* c_before,
               float* c_after, float* h_after, float* gates, Begun begun) {
    const int K = D + H;
    const ptrdiff_t width = static_cast<ptrdiff_t>(lstm_bias_size(H));
    for (int u = 0; u < H; u += kLanes) {
        const int group = u / kLanes, live = smaller(kLanes, H - u);
        if (begun.sums != nullptr)
            for (int r = 0; r < n; r++)
                memcpy(tile + r * kGroup, begun.sums + begun.of[r] * width + group * kGroup, kGroup * sizeof(float));
        for (int v = 0; v < 4; v += kWide) {
            const ptrdiff_t panel = (group * 4 + v) / kWide;
            const float* weights = panels.weights + (panel * K + begun.depth) * kPanel;
            float* sums = tile + v * kLanes;
            if (begun.sums != nullptr) multiply(n, K - begun.depth, a, weights, sums, kGroup, sums, kGroup, kPanel);
            else multiply(n, K, a, weights, panels.bias + panel * kPanel, 0, sums, kGroup, kPanel);
        }
        for (int r = 0; r < n; r++) {  // the sums of these rows are still in the first-level cache
            const float* sums = tile + r * kGroup;
            const ptrdiff_t row = static_cast<ptrdiff_t>(at[r]) * H;
            const Point y = lstm_point(load(sums), load(sums + kLanes), load(sums + 2 * kLanes), load(sums + 3 * kLanes),
                                       take(c_before + row + u, live));
            store_point(y, u, live, H, c_after + row, h_after + row, gates == nullptr ? nullptr : gates + 4 * row);
        }
    }
}

namespace {

void forward_packed(int T, int B, int D, int H, const float* x, const int32_t* lengths, LstmLayer p, float* h, float* c,
                    float* gates, Steps steps) {
    float* weights = workspace(Slot::packed, lstm_panels_size(D, H));
    float* bias = workspace(Slot::bias, lstm_bias_size(H));
    pack_lstm(p, weights, bias);
    const int shards = tasks_for(4.0 * T * B * H * (D + H), 1 << 17, B);
    parallel(shards, [&](int shard) {
        const Range rows = share(B, shards, shard);
        const int most = rows.end - rows.begin;
        const Rows a{workspace(Slot::rows, rows_size(most, D + H)), most};
        float* tile = workspace(Slot::tile, static_cast<size_t>(most) * kGroup);
        int* live = reinterpret_cast<int*>(workspace(Slot::state, static_cast<size_t>(most)));
        const ptrdiff_t state = static_cast<ptrdiff_t>(B) * H;
        for (int step = 0; step < T; step++) {
            const int t = steps.step(step);
            const float *h_before = h + steps.before(t) * state, *c_before = c + steps.before(t) * state;
            float *h_after = h + steps.after(t) * state, *c_after = c + steps.after(t) * state;
            const int n = live_rows(t, rows, lengths, live);
            for (int r = 0; r < n; r++) {
                put(a, r, 0, x + (static_cast<ptrdiff_t>(t) * B + live[r]) * D, D);
                put(a, r, D, h_before + static_cast<ptrdiff_t>(live[r]) * H, H);
            }
            if (n > 0) lstm_rows(n, live, {weights, bias}, D, H, a, tile, c_before, c_after, h_after, gates + 4 * t * state);
            if (n < most) pass_through(t, rows, lengths, H, h_before, c_before, h_after, c_after, gates + 4 * t * state);
        }
    });
}

// A few rows: no packing. x Wx for all steps at once, then h Wh step by step, in the order of the same chain.
void forward_streamed(int T, int B, int D, int H, const float* x, const int32_t* lengths, LstmLayer p, float* h, float* c,
                      float* gates, Steps steps) {
    const ptrdiff_t state = static_cast<ptrdiff_t>(B) * H;
    const Range rows{0, B};
    affine_forward(T * B, D, 4 * H, x, p.Wx, p.b, gates);
    for (int step = 0; step < T; step++) {
        const int t = steps.step(step);
        const float *h_before = h + steps.before(t) * state, *c_before = c + steps.before(t) * state;
        float *h_after = h + steps.after(t) * state, *c_after = c + steps.after(t) * state;
        float* a = gates + 4 * t * state;
        int n = 0;
        for (int b = 0; b < B; b++) n += t < lengths[b];
        if (n > 0) stream(B, H, 4 * H, h_before, H, p.Wh, 4 * H, a, 4 * H);
        for (int b = 0; b < B; b++) {
            if (t >= lengths[b]) continue;
            const ptrdiff_t row = static_cast<ptrdiff_t>(b) * H;
            float* sums = a + 4 * row;
            for (int u = 0; u < H; u += kLanes) {
                const int live = smaller(kLanes, H - u);
                const Point y = lstm_point(take(sums + u, live), take(sums + H + u, live), take(sums + 2 * H + u, live),
                                           take(sums + 3 * H + u, live), take(c_before + row + u, live));
                store_point(y, u, live, H, c_after + row, h_after + row, sums);
            }
        }
        if (n < B) pass_through(t, rows, lengths, H, h_before, c_before, h_after, c_after, a);
    }
}

}  // namespace

void lstm_forward(int T, int B, int D, int H, const float* x, const int32_t* lengths, const float* Wx, const float* Wh,
                  const float* b, float* h, float* c, float* gates, bool reverse) {
    if (T == 0 || B == 0 || H == 0) return;
    const auto forward = B <= kStreamed ? forward_streamed : forward_packed;
    forward(T, B, D, H, x, lengths, {Wx, Wh, b, D, H}, h, c, gates, {T, reverse});
}

// ------------------------------------------------------------------------------------------------------- backward
//
//   dc += dh o (1 - tanh² c')                     dh (T, B, H) arrives at each step; dh_end, dc_end (B, H) from the next
//   da = [dc g i (1 - i) | dc c f (1 - f) | dc i (1 - g²) | dh tanh(c') o (1 - o)]        written over the gates
//   dc_end = dc f        dh_end = da Whᵀ          dx = da Wxᵀ
//   dWx += xᵀ da         dWh += hᵀ da             db += Σ da

void lstm_backward(int T, int B, int D, int H, const float* dh, float* dh_end, float* dc_end, const float* x,
                   const int32_t* lengths, const float* Wx, const float* Wh, const float* h, const float* c,
                   float* gates, float* dx, float* dWx, float* dWh, float* db, bool reverse) {
    if (T == 0 || B == 0 || H == 0) {
        memset(dx, 0, static_cast<size_t>(T) * static_cast<size_t>(B) * static_cast<size_t>(D) * sizeof(float));
        return;
    }
    const Steps steps{T, reverse};
    const int K = 4 * H, panels_h = panels(H), panels_x = panels(D), width = (panels_h + panels_x) * kPanel;
    const ptrdiff_t size = static_cast<ptrdiff_t>(K) * kPanel, state = static_cast<ptrdiff_t>(B) * H;
    float* packed = workspace(Slot::packed, static_cast<size_t>(size) * static_cast<size_t>(panels_h + panels_x));
    const int packers = tasks_for(static_cast<double>(K) * (D + H), 1 << 15, panels_h + panels_x);
    parallel(packers, [&](int i) {
        const Range mine = share(panels_h + panels_x, packers, i);
        for (int p = mine.begin; p < mine.end; p++)
            if (p < panels_h) pack_transposed_panel(Wh, K, K, H, p, packed + p * size);
            else pack_transposed_panel(Wx, K, K, D, p - panels_h, packed + p * size);
    });

    const int shards = tasks_for(static_cast<double>(T) * B * K * (D + H), 1 << 17, B);
    parallel(shards, [&](int shard) {
        const Range rows = share(B, shards, shard);
        const int most = rows.end - rows.begin;
        const Rows a{workspace(Slot::rows, rows_size(most, K)), most};
        float* product = workspace(Slot::tile, static_cast<size_t>(most) * static_cast<size_t>(width));
        int* live = reinterpret_cast<int*>(workspace(Slot::state, static_cast<size_t>(most)));
        for (int step = T - 1; step >= 0; step--) {
            const int t = steps.step(step);
            const float *c_before = c + steps.before(t) * state, *c_after = c + steps.after(t) * state;
            const float* dh_t = dh + t * state;
            float* da_t = gates + 4 * t * state;
            float* dx_t = dx + static_cast<ptrdiff_t>(t) * B * D;
            for (int b = rows.begin; b < rows.end; b++) {
                const ptrdiff_t row = static_cast<ptrdiff_t>(b) * H;
                if (t >= lengths[b]) {  // what arrives at padding is the gradient of the state that passed through
                    for (int u = 0; u < H; u += kLanes) {
                        const int n = smaller(kLanes, H - u);
                        give(dh_end + row + u, take(dh_end + row + u, n) + take(dh_t + row + u, n), n);
                    }
                    memset(da_t + 4 * row, 0, static_cast<size_t>(K) * sizeof(float));
                    memset(dx_t + static_cast<ptrdiff_t>(b) * D, 0, static_cast<size_t>(D) * sizeof(float));
                }
            }
            const int count = live_rows(t, rows, lengths, live);
            if (count == 0) continue;
            for (int r = 0; r < count; r++) {
                const ptrdiff_t row = static_cast<ptrdiff_t>(live[r]) * H;
                float* da = da_t + 4 * row;
                for (int u = 0; u < H; u += kLanes) {
                    const int n = smaller(kLanes, H - u);
                    const Vec one = set(1.0f);
                    const Vec i = take(da + u, n), f = take(da + H + u, n), g = take(da + 2 * H + u, n),
                              o = take(da + 3 * H + u, n);
                    const Vec tanh_c = tanh(take(c_after + row + u, n));
                    const Vec dh_u = take(dh_end + row + u, n) + take(dh_t + row + u, n);
                    const Vec dc = fma(dh_u * o, one - tanh_c * tanh_c, take(dc_end + row + u, n));
                    give(da + u, dc * g * i * (one - i), n);
                    give(da + H + u, dc * take(c_before + row + u, n) * f * (one - f), n);
                    give(da + 2 * H + u, dc * i * (one - g * g), n);
                    give(da + 3 * H + u, dh_u * tanh_c * o * (one - o), n);
                    give(dc_end + row + u, dc * f, n);
                }
                put(a, r, 0, da, K);
            }
            for (int p = 0; p < panels_h + panels_x; p++)
                multiply(count, K, a, packed + p * size, nullptr, 0, product + p * kPanel, width, kPanel);
            for (int r = 0; r < count; r++) {
                const float* row = product + static_cast<ptrdiff_t>(r) * width;
                memcpy(dh_end + static_cast<ptrdiff_t>(live[r]) * H, row, static_cast<size_t>(H) * sizeof(float));
                memcpy(dx_t + static_cast<ptrdiff_t>(live[r]) * D, row + panels_h * kPanel,
                       static_cast<size_t>(D) * sizeof(float));
            }
        }
    });
    // h[before] of step t is row t of h[:-1], or of h[1:] in reverse: either way a run of T states.
    add_outer(T * B, {x, D, reverse ? h + state : h, H}, K, gates, dWx, dWh, db);
}

}  // namespace seqwright::SEQWRIGHT_ISA
