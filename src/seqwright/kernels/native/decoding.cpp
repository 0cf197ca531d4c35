// One step of a decoder, in the pieces between which generation and search differ.
//
//   x = [E[id], peek]      h, c = LSTM layers (x)       (context = attention (h, memory): the caller's)
//   h̃ = tanh([context, h] Wc + bc)      scores = [h̃ or h, peek] W + b
//
// Rows are independent, and each element of a product is one chain in the order of k, whether the weights are packed
// (more rows than a few) or read where they lie: a row's bytes do not depend on the rows beside it.
//
// Where the rows of all steps are many more than the symbols, b + E[id] Wx is made for all symbols ahead, and the chain of a
// sum begins there: the same bytes for a third fewer multiply-adds in the LSTM of D 128, H 256.
#include "decoding.hpp"

#include <initializer_list>

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr size_t kFloat = sizeof(float);

size_t panels_size(const Matrix& m) { return static_cast<size_t>(panels(m.N)) * static_cast<size_t>(m.K) * kPanel; }

void pack(Matrix& m, float*& weights, float*& biases) {
    float* to = weights;
    const int count = panels(m.N), tasks = tasks_for(static_cast<double>(m.K) * m.N, 1 << 15, larger(1, count));
    parallel(tasks, [&](int i) {
        const Range mine = share(count, tasks, i);
        for (int p = mine.begin; p < mine.end; p++)
            pack_panel(m.W, m.N, m.K, m.N, p, to + static_cast<ptrdiff_t>(p) * m.K * kPanel);
    });
    m.panels = to;
    weights += panels_size(m);
    if (m.b == nullptr) return;
    memset(biases, 0, static_cast<size_t>(count) * kPanel * kFloat);
    memcpy(biases, m.b, static_cast<size_t>(m.N) * kFloat);
    m.bias = biases;
    biases += count * kPanel;
}

// One step of one layer for rows that are not packed: sums (n, 4H) is scratch.
void lstm_streamed(const LstmLayer& p, int n, const int* at, const float* x, float* h, float* c, float* before, float* sums) {
    const int H = p.H;
    for (int r = 0; r < n; r++) {
        memcpy(sums + static_cast<ptrdiff_t>(r) * 4 * H, p.b, static_cast<size_t>(4 * H) * kFloat);
        memcpy(before + static_cast<ptrdiff_t>(r) * H, h + static_cast<ptrdiff_t>(at[r]) * H, static_cast<size_t>(H) * kFloat);
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

}  // namespace

void product(const Matrix& m, int n, const float* x, float* y, float* blocks) {
    if (m.panels == nullptr) {
        for (int r = 0; r < n; r++) {
            float* row = y + static_cast<ptrdiff_t>(r) * m.N;
            if (m.b != nullptr) memcpy(row, m.b, static_cast<size_t>(m.N) * kFloat);
            else memset(row, 0, static_cast<size_t>(m.N) * kFloat);
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

namespace {

constexpr double kTable = 4 * 1024 * 1024;  // floats that a table may have: it should stay in a cache

const float* input_table(const Decoder& d, LstmPanels panels) {
    const int groups = lstm_panels(d.H), K = d.layers[0].D + d.H;
    const ptrdiff_t width = static_cast<ptrdiff_t>(lstm_bias_size(d.H));
    float* table = workspace(Slot::table, static_cast<size_t>(d.V) * static_cast<size_t>(width));
    const int tasks = tasks_for(static_cast<double>(d.V) * d.D * static_cast<double>(width), 1 << 17, d.V);
    parallel(tasks, [&](int i) {
        const Range mine = share(d.V, tasks, i);
        const int rows = mine.end - mine.begin;
        const Rows a{workspace(Slot::rows, rows_size(rows, d.D)), rows};
        for (int r = 0; r < rows; r++) put(a, r, 0, d.E + static_cast<ptrdiff_t>(mine.begin + r) * d.D, d.D);
        for (int p = 0; p < groups; p++)
            multiply(rows, d.D, a, panels.weights + static_cast<ptrdiff_t>(p) * K * kPanel, panels.bias + p * kPanel, 0,
                     table + mine.begin * width + p * kPanel, width, kPanel);
    });
    return table;
}

}  // namespace

Weights decoder_weights(const Decoder& d, bool packed, bool with_query, double row_steps) {
    Weights w{{d.Wa, nullptr, d.H, d.M, nullptr, nullptr}, {d.Wc, d.bc, d.M + d.H, d.H, nullptr, nullptr},
              {d.W, d.b, d.H + d.P, d.V, nullptr, nullptr}, nullptr, nullptr};
    if (!packed) return w;
    with_query = with_query && d.Wa != nullptr;
    size_t weights_size = panels_size(w.output) + (d.attends ? panels_size(w.combine) : 0) + (with_query ? panels_size(w.query) : 0);
    size_t bias_size = static_cast<size_t>(panels(d.V) + panels(d.H)) * kPanel;
    for (int l = 0; l < d.n_layers; l++) {
        weights_size += lstm_panels_size(d.layers[l].D, d.H);
        bias_size += lstm_bias_size(d.H) + sizeof(LstmPanels) / kFloat;
    }
    float* weights = workspace(Slot::packed, weights_size);
    LstmPanels* layers = reinterpret_cast<LstmPanels*>(workspace(Slot::bias, bias_size));
    float* biases = reinterpret_cast<float*>(layers + d.n_layers);
    for (int l = 0; l < d.n_layers; l++) {
        layers[l] = {weights, biases};
        pack_lstm(d.layers[l], weights, biases);
        weights += lstm_panels_size(d.layers[l].D, d.H);
        biases += lstm_bias_size(d.H);
    }
    w.layers = layers;
    if (with_query) pack(w.query, weights, biases);
    if (d.attends) pack(w.combine, weights, biases);
    pack(w.output, weights, biases);
    if (row_steps > 4.0 * d.V && static_cast<double>(d.V) * static_cast<double>(lstm_bias_size(d.H)) <= kTable)
        w.table = input_table(d, layers[0]);
    return w;
}

double work_of_a_row(const Decoder& d) {
    double work = static_cast<double>(d.H + d.P) * d.V;
    if (d.attends) work += static_cast<double>(d.M + d.H) * d.H + static_cast<double>(d.H) * d.M;
    for (int l = 0; l < d.n_layers; l++) work += 4.0 * d.H * (d.layers[l].D + d.H);
    return work;
}

namespace {

int deepest(const Decoder& d) {  // of the left factors
    return larger(larger(d.D + d.P, d.H) + d.H, larger(d.H + d.P, d.attends ? d.M + d.H : 0));
}

}  // namespace

size_t row_width(const Decoder& d) { return static_cast<size_t>(larger(deepest(d), 4 * d.H)); }

size_t room_size(const Decoder& d, int rows) {
    return 4 * Scratch::rounded(static_cast<size_t>(rows) * row_width(d)) +
           Scratch::rounded(static_cast<size_t>(rows) * static_cast<size_t>(d.V));
}

Room room_for(const Decoder& d, int rows, float* at) {
    const size_t n = static_cast<size_t>(rows), wide = n * row_width(d);
    Scratch scratch{at};
    Room room{};
    for (float** piece : {&room.x, &room.y, &room.sums, &room.before}) *piece = scratch.take(wide);
    room.scores = scratch.take(n * static_cast<size_t>(d.V));
    room.blocks = workspace(Slot::rows, rows_size(rows, deepest(d)));
    room.tile = workspace(Slot::tile, n * (4 * kLanes));
    return room;
}

namespace {

// Row r of room.x: [E[symbols[r]], peek], or the peek alone where a table has the rest.
void read_symbols(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const Room& room) {
    const int D = w.table == nullptr ? d.D : 0;
    for (int r = 0; r < n; r++) {
        float* row = room.x + static_cast<ptrdiff_t>(r) * (D + d.P);
        if (D > 0) memcpy(row, d.E + static_cast<ptrdiff_t>(symbols[r]) * D, static_cast<size_t>(D) * kFloat);
        if (d.P > 0) memcpy(row + D, d.peek + static_cast<ptrdiff_t>(sources[r]) * d.P, static_cast<size_t>(d.P) * kFloat);
    }
}

}  // namespace

void run_layers(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const int* at, float* h, float* c,
                ptrdiff_t stride, const Room& room) {
    const int H = d.H;
    read_symbols(d, w, n, symbols, sources, room);
    for (int l = 0; l < d.n_layers; l++, h += stride, c += stride) {
        const int D = d.layers[l].D;
        if (w.layers != nullptr) {
            const Begun begun = l == 0 && w.table != nullptr ? Begun{w.table, symbols, d.D} : Begun{nullptr, nullptr, 0};
            const int inputs = D - begun.depth;
            const Rows a{room.blocks, n};
            for (int r = 0; r < n; r++) {
                put(a, r, 0, room.x + static_cast<ptrdiff_t>(r) * inputs, inputs);
                put(a, r, inputs, h + static_cast<ptrdiff_t>(at[r]) * H, H);
            }
            lstm_rows(n, at, w.layers[l], D, H, a, room.tile, c, c, h, H, nullptr, begun);
        } else {
            lstm_streamed(d.layers[l], n, at, room.x, h, c, room.before, room.sums);
        }
        for (int r = 0; r < n; r++)
            memcpy(room.x + static_cast<ptrdiff_t>(r) * H, h + static_cast<ptrdiff_t>(at[r]) * H, static_cast<size_t>(H) * kFloat);
    }
}

void combine_context(const Decoder& d, const Weights& w, int n, const Room& room) {
    product(w.combine, n, room.sums, room.x, room.blocks);
    const int size = n * d.H;
    for (int i = 0; i < size; i += kLanes) give(room.x + i, tanh(take(room.x + i, size - i)), size - i);
}

void score_symbols(const Decoder& d, const Weights& w, int n, const int* sources, const Room& room) {
    const float* top = room.x;
    if (d.P > 0) {
        for (int r = 0; r < n; r++) {
            float* row = room.y + static_cast<ptrdiff_t>(r) * (d.H + d.P);
            memcpy(row, room.x + static_cast<ptrdiff_t>(r) * d.H, static_cast<size_t>(d.H) * kFloat);
            memcpy(row + d.H, d.peek + static_cast<ptrdiff_t>(sources[r]) * d.P, static_cast<size_t>(d.P) * kFloat);
        }
        top = room.y;
    }
    product(w.output, n, top, room.scores, room.blocks);
}

}  // namespace seqwright::SEQWRIGHT_ISA
