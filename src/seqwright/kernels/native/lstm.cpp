// An LSTM over whole sequences; specified by kernels/reference/lstm.py.
//
//   [ai af ag ao] = b + x_t Wx + h Wh            x (T, B, D)   Wx (D, 4H)   Wh (H, 4H)   b (4H)
//   i, f, o = σ(ai, af, ao)    g = tanh(ag)      gates (T, B, 4H)
//   c' = f c + i g             h' = o tanh(c')   h, c (T + 1, B, H)
//
// With ids (T, B), b is a table (V, 4H), and the sums of a step start at row ids[t, b]; x may then have no columns.
//
// The batch is cut into shards, one for each thread, which runs all T steps of its rows without synchronisation. Weights are packed once
// for all of them, or by each of two. [x_t | h] is one left factor of depth D + H, so a step is one product,
// and a first step from zeros is one of depth D, with the same bytes. The weights' gradients sum over all rows and are
// therefore cut by columns, after the last step.
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
// A step of 16 units of one row takes 46 cycles after the product if its operands are in the first-level cache, 75 in place;
// fetching what it writes while the product runs made no difference that could be measured. One row streams Wh at 80 GB/s:
// 150 µs for 8 steps with H = 256.
//
// A table of 64 symbols in the place of x, T 10, B 128, D 64, H 128: forward 1.4 → 1.0 ms, backward 3.0 → 2.0, and 0.1 for
// the table and its gradient. Adding up db by symbol takes 0.05 of that.
#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr int kGroup = 4 * kLanes;  // columns of a tile: i f g o of 16 units

// Up to so many threads pack all weights for themselves: reading what another core has just written takes longer.
constexpr int kOwnCopies = 2;

struct Steps {  // in the order of reading: step t consumes state `before` and produces state `after`
    int T;
    bool reverse;
    int step(int n) const { return reverse ? T - 1 - n : n; }
    int before(int t) const { return reverse ? t + 1 : t; }
    int after(int t) const { return reverse ? t : t + 1; }
};

// List the rows for which step t is not padding.
int live_rows(int t, Range rows, const int32_t* lengths, int* live) {
    int n = 0;
    for (int b = rows.begin; b < rows.end; b++)
        if (t < lengths[b]) live[n++] = b;
    return n;
}

// Copy the state of the others.
void pass_through(int t, Range rows, const LstmForward& s, Steps steps) {
    const int H = s.p.H;
    const size_t bytes = static_cast<size_t>(H) * sizeof(float);
    for (int b = rows.begin; b < rows.end; b++) {
        if (t < s.lengths[b]) continue;
        const ptrdiff_t before = static_cast<ptrdiff_t>(steps.before(t)) * s.B + b, after = static_cast<ptrdiff_t>(steps.after(t)) * s.B + b;
        memcpy(s.h + after * s.row_h, s.h + before * s.row_h, bytes);
        memcpy(s.c + after * H, s.c + before * H, bytes);
        memset(s.gates + (static_cast<ptrdiff_t>(t) * s.B + b) * 4 * H, 0, 4 * bytes);
    }
}

void start_from_zeros(Range rows, const LstmForward& s, Steps steps) {
    const ptrdiff_t first = static_cast<ptrdiff_t>(steps.before(steps.step(0))) * s.B;
    const size_t bytes = static_cast<size_t>(s.p.H) * sizeof(float);
    for (int b = rows.begin; b < rows.end; b++) {
        memset(s.h + (first + b) * s.row_h, 0, bytes);
        memset(s.c + (first + b) * s.p.H, 0, bytes);
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

void pack_bias(const float* b, int H, float* to) {
    for (int u = 0; u < H; u += kLanes)
        for (int gate = 0; gate < 4; gate++, to += kLanes) store(to, masked_load(b + gate * H + u, H - u));
}

}  // namespace

void pack_lstm(LstmLayer p, float* weights, float* bias, int biases) {
    const int groups = ceil_div(p.H, kLanes), K = p.D + p.H;
    const ptrdiff_t width = static_cast<ptrdiff_t>(lstm_bias_size(p.H));
    const int tasks = tasks_for(4.0 * (K + biases) * p.H, 1 << 15, groups);
    parallel(tasks, [&](int i) {
        const Range mine = share(groups, tasks, i), rows = share(biases, tasks, i);
        for (int group = mine.begin; group < mine.end; group += kRun) {
            const int u = group * kLanes, count = smaller(kRun, mine.end - group), n = smaller(count * kLanes, p.H - u);
            for (int gate = 0; gate < 4; gate++) {
                float *of_x[kRun], *of_h[kRun];
                for (int i = 0; i < count; i++) {
                    const int column = (group + i) * 4 + gate;
                    of_x[i] = weights + static_cast<ptrdiff_t>(column / kVectors) * K * kNR + column % kVectors * kLanes;
                    of_h[i] = of_x[i] + static_cast<ptrdiff_t>(p.D) * kNR;
                }
                pack_vectors(p.Wx + gate * p.H + u, 4 * p.H, p.D, n, count, of_x);
                pack_vectors(p.Wh + gate * p.H + u, 4 * p.H, p.H, n, count, of_h);
            }
        }
        for (int v = rows.begin; v < rows.end; v++) pack_bias(p.b + static_cast<ptrdiff_t>(v) * 4 * p.H, p.H, bias + v * width);
    });
}

void lstm_rows(int n, const int* at, LstmPanels panels, int D, int H, Rows a, float* tile, const float* c_before,
               float* c_after, float* h_after, ptrdiff_t row_h, float* gates, Begun begun, bool zero_before) {
    const int K = D + H, depth = (zero_before ? D : K) - begun.depth;
    const ptrdiff_t width = static_cast<ptrdiff_t>(lstm_bias_size(H));
    const ptrdiff_t size = static_cast<ptrdiff_t>(K) * kNR;  // of a panel
    // One row: 32 units at once where a panel has two vectors, for enough sums in flight; see multiply_panels.
    constexpr int kTogether = kVectors;
    alignas(64) float of_one_row[kTogether * kGroup];
    const int groups = ceil_div(H, kLanes), most = n == 1 ? kTogether : 1;
    if (n == 1) tile = of_one_row;
    for (int first = 0; first < groups; first += most) {
        const int some = smaller(most, groups - first), columns = some * kGroup;
        const float* weights = panels.weights + first * 4 / kVectors * size + static_cast<ptrdiff_t>(begun.depth) * kNR;
        if (begun.sums != nullptr)
            for (int r = 0; r < n; r++)
                for (int group = 0; group < some; group++)
                    memcpy(tile + r * columns + group * kGroup, begun.sums + begun.of[r] * width + (first + group) * kGroup, kGroup * sizeof(float));
        const float* start = begun.sums != nullptr ? tile : panels.bias + first * kGroup;
        multiply_panels(n, depth, a, weights, size, start, begun.sums != nullptr ? columns : 0, tile, columns, columns);
        for (int r = 0; r < n; r++) {  // the sums of these rows are still in the first-level cache
            const ptrdiff_t row = static_cast<ptrdiff_t>(at[r]) * H;
            for (int group = first; group < first + some; group++) {
                const float* sums = tile + r * columns + (group - first) * kGroup;
                const int u = group * kLanes, live = smaller(kLanes, H - u);
                const Point y = lstm_point(load(sums), load(sums + kLanes), load(sums + 2 * kLanes), load(sums + 3 * kLanes),
                                           masked_load(c_before + row + u, live));
                store_point(y, u, live, H, c_after + row, h_after + at[r] * row_h, gates == nullptr ? nullptr : gates + 4 * row);
            }
        }
    }
}

namespace {

void forward_packed(const LstmForward& s, Steps steps) {
    const int D = s.p.D, H = s.p.H, biases = s.ids == nullptr ? 1 : s.V;
    const auto packed = [&] {
        const LstmPanels panels{workspace(Slot::packed, lstm_panels_size(D, H)), workspace(Slot::bias, static_cast<size_t>(biases) * lstm_bias_size(H))};
        pack_lstm(s.p, const_cast<float*>(panels.weights), const_cast<float*>(panels.bias), biases);
        return panels;
    };
    const int shards = tasks_for(4.0 * s.T * s.B * H * (D + H), 1 << 17, s.B);
    const LstmPanels shared = shards > kOwnCopies ? packed() : LstmPanels{};
    parallel(shards, [&](int shard) {
        const LstmPanels panels = shards > kOwnCopies ? shared : packed();
        const Range rows = share(s.B, shards, shard);
        const int most = rows.end - rows.begin;
        const Rows a{workspace(Slot::rows, rows_size(most, D + H)), most};
        float* tile = workspace(Slot::tile, static_cast<size_t>(most) * kGroup);
        int* live = reinterpret_cast<int*>(workspace(Slot::state, 2 * static_cast<size_t>(most)));
        int* symbols = live + most;
        if (s.zero_start) start_from_zeros(rows, s, steps);
        for (int step = 0; step < s.T; step++) {
            const int t = steps.step(step);
            const bool zero_before = step == 0 && s.zero_start;
            const ptrdiff_t now = static_cast<ptrdiff_t>(t) * s.B, before = static_cast<ptrdiff_t>(steps.before(t)) * s.B,
                            after = static_cast<ptrdiff_t>(steps.after(t)) * s.B;
            const int n = live_rows(t, rows, s.lengths, live);
            for (int r = 0; r < n; r++) {
                put(a, r, 0, s.x + (now + live[r]) * D, D);
                if (!zero_before) put(a, r, D, s.h + (before + live[r]) * s.row_h, H);
                if (s.ids != nullptr) symbols[r] = s.ids[now + live[r]];
            }
            const Begun begun{s.ids == nullptr ? nullptr : panels.bias, symbols, 0};
            if (n > 0)
                lstm_rows(n, live, panels, D, H, a, tile, s.c + before * H, s.c + after * H, s.h + after * s.row_h,
                          s.row_h, s.gates + now * 4 * H, begun, zero_before);
            if (n < most) pass_through(t, rows, s, steps);
        }
    });
}

// A few rows: no packing. x Wx for all steps at once, then h Wh step by step, in the order of the same chain.
void forward_streamed(const LstmForward& s, Steps steps) {
    const int B = s.B, D = s.p.D, H = s.p.H;
    const Range rows{0, B};
    if (s.ids == nullptr) {
        affine_forward(s.T * B, D, 4 * H, s.x, s.p.Wx, s.p.b, s.gates);
    } else {
        embedding_forward(s.T * B, s.V, 4 * H, s.p.b, s.ids, s.gates);
        stream(s.T * B, D, 4 * H, s.x, D, s.p.Wx, 4 * H, s.gates, 4 * H);
    }
    if (s.zero_start) start_from_zeros(rows, s, steps);
    for (int step = 0; step < s.T; step++) {
        const int t = steps.step(step);
        const ptrdiff_t before = static_cast<ptrdiff_t>(steps.before(t)) * B, after = static_cast<ptrdiff_t>(steps.after(t)) * B;
        float* a = s.gates + static_cast<ptrdiff_t>(t) * B * 4 * H;
        int n = 0;
        for (int b = 0; b < B; b++) n += t < s.lengths[b];
        if (n > 0 && !(step == 0 && s.zero_start))
            stream(B, H, 4 * H, s.h + before * s.row_h, s.row_h, s.p.Wh, 4 * H, a, 4 * H);
        for (int b = 0; b < B; b++) {
            if (t >= s.lengths[b]) continue;
            float* sums = a + static_cast<ptrdiff_t>(b) * 4 * H;
            for (int u = 0; u < H; u += kLanes) {
                const int live = smaller(kLanes, H - u);
                const Point y = lstm_point(masked_load(sums + u, live), masked_load(sums + H + u, live), masked_load(sums + 2 * H + u, live),
                                           masked_load(sums + 3 * H + u, live), masked_load(s.c + (before + b) * H + u, live));
                store_point(y, u, live, H, s.c + (after + b) * H, s.h + (after + b) * s.row_h, sums);
            }
        }
        if (n < B) pass_through(t, rows, s, steps);
    }
}

}  // namespace

void lstm_forward(const LstmForward& s) {
    if (s.B == 0 || s.p.H == 0) return;
    const Steps steps{s.T, s.reverse};
    if (s.T == 0) {
        if (s.zero_start) start_from_zeros({0, s.B}, s, {1, false});
        return;
    }
    if (s.B <= kStreamed) forward_streamed(s, steps);
    else forward_packed(s, steps);
}

// ------------------------------------------------------------------------------------------------------- backward
//
//   dc += dh o (1 - tanh² c')                     dh (T, B, H) arrives at each step; dh_end, dc_end (B, H) from the next
//   da = [dc g i (1 - i) | dc c f (1 - f) | dc i (1 - g²) | dh tanh(c') o (1 - o)]        written over the gates
//   dc_end = dc f        dh_end = da Whᵀ          dx = da Wxᵀ
//   dWx += xᵀ da         dWh += hᵀ da             db += Σ da, or db[ids] += da
//
// A start from zeros has no gradient: its product is left out, dh_end and dc_end become 0, and the rows of h that are 0 are
// left out of hᵀ da.
namespace {

struct Transposed {  // [Whᵀ | Wxᵀ] in panels of depth 4H
    const float* data;
    int panels_h, panels_x;
    ptrdiff_t size;  // of a panel
};

Transposed pack_transposed(const LstmLayer& p) {
    const int K = 4 * p.H, panels_h = panels(p.H), panels_x = panels(p.D), count = panels_h + panels_x;
    const ptrdiff_t size = static_cast<ptrdiff_t>(K) * kNR;
    float* packed = workspace(Slot::packed, static_cast<size_t>(size) * static_cast<size_t>(count));
    const int tasks = tasks_for(static_cast<double>(K) * (p.D + p.H), 1 << 15, count);
    parallel(tasks, [&](int i) {
        const Range mine = share(count, tasks, i);
        for (int n = mine.begin; n < mine.end; n++)
            if (n < panels_h) pack_transposed_panel(p.Wh, K, K, p.H, n, packed + n * size);
            else pack_transposed_panel(p.Wx, K, K, p.D, n - panels_h, packed + n * size);
    });
    return {packed, panels_h, panels_x, size};
}

// One row of one step: da over the gates, and dc_end for the step before.
void point_backward(int H, const float* dh, const float* dh_end, float* dc_end, const float* c_before, const float* c_after,
                    float* da) {
    const Vec one = set(1.0f);
    for (int u = 0; u < H; u += kLanes) {
        const int n = smaller(kLanes, H - u);
        const Vec i = masked_load(da + u, n), f = masked_load(da + H + u, n), g = masked_load(da + 2 * H + u, n), o = masked_load(da + 3 * H + u, n);
        const Vec tanh_c = tanh(masked_load(c_after + u, n));
        const Vec dh_u = masked_load(dh_end + u, n) + masked_load(dh + u, n);
        const Vec dc = fma(dh_u * o, one - tanh_c * tanh_c, masked_load(dc_end + u, n));
        masked_store(da + u, dc * g * i * (one - i), n);
        masked_store(da + H + u, dc * masked_load(c_before + u, n) * f * (one - f), n);
        masked_store(da + 2 * H + u, dc * i * (one - g * g), n);
        masked_store(da + 3 * H + u, dh_u * tanh_c * o * (one - o), n);
        masked_store(dc_end + u, dc * f, n);
    }
}

// What arrives at padding is the gradient of the state that passed through.
void padding_backward(int t, Range rows, const LstmBackward& s) {
    const int D = s.p.D, H = s.p.H;
    for (int b = rows.begin; b < rows.end; b++) {
        if (t < s.lengths[b]) continue;
        const ptrdiff_t now = static_cast<ptrdiff_t>(t) * s.B + b;
        const float* dh = s.dh + now * s.row_dh;
        float* dh_end = s.dh_end + static_cast<ptrdiff_t>(b) * H;
        for (int u = 0; u < H; u += kLanes) masked_store(dh_end + u, masked_load(dh_end + u, H - u) + masked_load(dh + u, H - u), H - u);
        memset(s.gates + now * 4 * H, 0, 4 * static_cast<size_t>(H) * sizeof(float));
        memset(s.dx + now * D, 0, static_cast<size_t>(D) * sizeof(float));
    }
}

void backward_rows(Range rows, const LstmBackward& s, Steps steps, Transposed W) {
    const int D = s.p.D, H = s.p.H, K = 4 * H, width = (W.panels_h + W.panels_x) * kNR;
    const int most = rows.end - rows.begin;
    const Rows a{workspace(Slot::rows, rows_size(most, K)), most};
    float* product = workspace(Slot::tile, static_cast<size_t>(most) * static_cast<size_t>(width));
    int* live = reinterpret_cast<int*>(workspace(Slot::state, static_cast<size_t>(most)));
    for (int step = s.T - 1; step >= 0; step--) {
        const int t = steps.step(step);
        const bool to_zeros = step == 0 && s.zero_start;
        const ptrdiff_t now = static_cast<ptrdiff_t>(t) * s.B, before = static_cast<ptrdiff_t>(steps.before(t)) * s.B,
                        after = static_cast<ptrdiff_t>(steps.after(t)) * s.B;
        const int n = live_rows(t, rows, s.lengths, live);
        if (n < most) padding_backward(t, rows, s);
        for (int r = 0; r < n; r++) {
            const ptrdiff_t b = live[r];
            float* da = s.gates + (now + b) * K;
            point_backward(H, s.dh + (now + b) * s.row_dh, s.dh_end + b * H, s.dc_end + b * H, s.c + (before + b) * H,
                           s.c + (after + b) * H, da);
            put(a, r, 0, da, K);
        }
        for (int p = to_zeros ? W.panels_h : 0; n > 0 && p < W.panels_h + W.panels_x; p++)
            multiply(n, K, a, W.data + p * W.size, nullptr, 0, product + p * kNR, width, kNR);
        for (int r = 0; r < n; r++) {
            const float* row = product + static_cast<ptrdiff_t>(r) * width;
            if (!to_zeros) memcpy(s.dh_end + static_cast<ptrdiff_t>(live[r]) * H, row, static_cast<size_t>(H) * sizeof(float));
            memcpy(s.dx + (now + live[r]) * D, row + W.panels_h * kNR, static_cast<size_t>(D) * sizeof(float));
        }
    }
}

void weights_backward(const LstmBackward& s, Steps steps) {
    const int B = s.B, D = s.p.D, H = s.p.H, K = 4 * H;
    float* db = s.ids == nullptr ? s.db : nullptr;
    // h before step t is row t of h[:-1], or of h[1:] in reverse: either way a run of T states.
    const float* h = s.h + steps.before(0) * B * s.row_h;
    int* rows = reinterpret_cast<int*>(workspace(Slot::state, static_cast<size_t>(s.T) * static_cast<size_t>(B)));
    const auto add = [&](int t, int n, int width_h) {  // over the symbols of n steps from t: da is 0 at padding
        if (D + width_h == 0 && db == nullptr) return;
        int count = 0;
        for (int end = t + n; t < end; t++)
            for (int b = 0; b < B; b++)
                if (t < s.lengths[b]) rows[count++] = t * B + b;
        add_outer(count, {s.x, D, D, h, width_h, s.row_h}, K, s.gates, s.dWx, s.dWh, db, rows);
    };
    const int T = s.zero_start ? s.T - 1 : s.T;  // steps with a state before them; the other is the first to be read
    if (s.zero_start && !s.reverse) add(0, 1, 0);
    add(s.zero_start && !s.reverse ? 1 : 0, T, H);
    if (s.zero_start && s.reverse) add(T, 1, 0);
    if (s.ids != nullptr) embedding_backward(s.T * B, s.V, K, s.gates, s.ids, s.db);
}

}  // namespace

void lstm_backward(const LstmBackward& s) {
    const int B = s.B, D = s.p.D, H = s.p.H;
    if (s.T > 0 && B > 0 && H > 0) {
        const Steps steps{s.T, s.reverse};
        const int shards = tasks_for(4.0 * s.T * B * H * (D + H), 1 << 17, B);
        const Transposed shared = shards > kOwnCopies ? pack_transposed(s.p) : Transposed{};
        parallel(shards, [&](int shard) {
            backward_rows(share(B, shards, shard), s, steps, shards > kOwnCopies ? shared : pack_transposed(s.p));
        });
        weights_backward(s, steps);
    } else {
        memset(s.dx, 0, static_cast<size_t>(s.T) * static_cast<size_t>(B) * static_cast<size_t>(D) * sizeof(float));
    }
    if (!s.zero_start) return;
    const size_t state = static_cast<size_t>(B) * static_cast<size_t>(H) * sizeof(float);
    memset(s.dh_end, 0, state);
    memset(s.dc_end, 0, state);
}

}  // namespace seqwright::SEQWRIGHT_ISA
