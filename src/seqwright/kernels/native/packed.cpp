// See packed.hpp.
//
// Floats: every element of a product is one chain of fused multiply-adds in the order of k, whether the weights are packed or
// not and whether the chain begins in a table, so that results do not depend on batch or threads. 8 bits: see
// quantized.cpp; inputs in the table and other inputs are quantised separately, and the sizes of the network decide whether
// there is a table.
#include "packed.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr size_t kFloat = sizeof(float);

SEQWRIGHT_INLINE ptrdiff_t offset(int row, int width) { return static_cast<ptrdiff_t>(row) * width; }

}  // namespace

// -------------------------------------------------------------------------------------------------------- products
void lay_out(Linear& m, Block& block) {
    if (m.form == Form::int8) m.block = block.take(quantized_size(m.K, m.N));
    if (m.form == Form::panels) m.block = block.take(static_cast<size_t>(panels(m.N)) * static_cast<size_t>(m.K) * kNR);
}

void pack(const Linear& m) {
    const bool codes = m.form == Form::int8;
    const int count = codes ? quantized_panels(m.N) : panels(m.N);
    const int tasks = tasks_for(static_cast<double>(m.K) * m.N, 1 << 15, larger(1, count));
    parallel(tasks, [&](int i) {
        const Range mine = share(count, tasks, i);
        for (int p = mine.begin; p < mine.end; p++) {
            if (codes) {
                const QuantizedMatrix to = quantized_at(m.block, m.K, m.N);
                for (int j = p * kColumns; j < (p + 1) * kColumns; j++) {
                    const float* column = j < m.N ? m.W + (m.transposed ? offset(j, m.K) : j) : nullptr;
                    pack_quantized_column(to, j, {column, m.transposed ? 1 : m.N, m.K, 0});
                }
            } else if (m.transposed) {
                pack_transposed_panel(m.W, m.K, m.K, m.N, p, m.block + offset(p, m.K * kNR));
            } else {
                pack_panel(m.W, m.N, m.K, m.N, p, m.block + offset(p, m.K * kNR));
            }
        }
    });
}

void product(const Linear& m, int n, const float* x, float* y, float* blocks) {
    if (n == 0) return;
    switch (m.form) {
        case Form::panels: {
            const Rows a{blocks, n};
            for (int r = 0; r < n; r++) put(a, r, 0, x + offset(r, m.K), m.K);
            multiply_panels(n, m.K, a, m.block, offset(m.K, kNR), m.b, 0, y, m.N, m.N);
            return;
        }
        case Form::int8: {
            const QuantizedRows a = quantized_rows_at(blocks, n, m.K);
            for (int r = 0; r < n; r++) quantize(a, r, x + offset(r, m.K), m.K);
            const QuantizedMatrix w = quantized_at(m.block, m.K, m.N);
            for (int p = 0; p < quantized_panels(m.N); p++)
                multiply_quantized(0, n, a, w, p, m.b == nullptr ? nullptr : m.b + p * kColumns, 0, y + p * kColumns, m.N,
                               smaller(kColumns, m.N - p * kColumns));
        }
    }
}

// ----------------------------------------------------------------------------------------------------- LSTM layers
namespace {

// Rows [first, first + to.K) of a gate matrix (depth, 4H), the columns as panels have them: i f g o of 16 units next to each
// other. The scales are those of all rows.
void pack_gates(const QuantizedMatrix& to, const float* W, int depth, int first, int H) {
    const int groups = ceil_div(H, kLanes), tasks = tasks_for(4.0 * to.K * H, 1 << 15, larger(1, groups));
    parallel(tasks, [&](int i) {
        const Range mine = share(groups, tasks, i);
        for (int j = mine.begin * kColumns; j < mine.end * kColumns; j++) {
            const int unit = j / kColumns * kLanes + j % kLanes, gate = j % kColumns / kLanes;
            pack_quantized_column(to, j, {unit < H && depth > 0 ? W + offset(gate, H) + unit : nullptr, 4 * H, depth, first});
        }
    });
}

void fill_table(const Lstm& w, const Table& from) {
    const int groups = lstm_panels(w.p.H), K = w.p.D + w.p.H;
    const ptrdiff_t width = static_cast<ptrdiff_t>(lstm_bias_size(w.p.H));
    QuantizedMatrix codes{};
    if (w.form == Form::int8) {
        codes = quantized_at(workspace(Slot::panel, quantized_size(from.D, static_cast<int>(width))), from.D, static_cast<int>(width));
        pack_gates(codes, w.p.Wx, w.p.D, 0, w.p.H);
    }
    const int tasks = tasks_for(static_cast<double>(from.V) * from.D * static_cast<double>(width), 1 << 17, from.V);
    parallel(tasks, [&](int i) {
        const Range mine = share(from.V, tasks, i);
        const int rows = mine.end - mine.begin;
        float* table = w.table + mine.begin * width;
        const float* E = from.E + offset(mine.begin, from.D);
        if (w.form == Form::int8) {
            const QuantizedRows a = quantized_rows_at(workspace(Slot::rows, quantized_rows_size(rows, from.D)), rows, from.D);
            for (int r = 0; r < rows; r++) quantize(a, r, E + offset(r, from.D), from.D);
            for (int p = 0; p < quantized_panels(codes.N); p++)
                multiply_quantized(0, rows, a, codes, p, w.bias + p * kColumns, 0, table + p * kColumns, width, kColumns);
            return;
        }
        const Rows a{workspace(Slot::rows, rows_size(rows, from.D)), rows};
        for (int r = 0; r < rows; r++) put(a, r, 0, E + offset(r, from.D), from.D);
        for (int p = 0; p < groups; p++)
            multiply(rows, from.D, a, w.panels + offset(p, K * kNR), w.bias + p * kNR, 0, table + p * kNR, width, kNR);
    });
}

}  // namespace

Lstm lay_out(LstmLayer p, Form form, const Table* table, Block& block) {
    Lstm w{p, form, nullptr, nullptr, {}, {}, nullptr, 0};
    const size_t width = lstm_bias_size(p.H);
    w.bias = block.take(width);
    if (table != nullptr) {
        w.table = block.take(static_cast<size_t>(table->V) * width);
        w.in_table = table->D;
    }
    if (form == Form::panels) {
        w.panels = block.take(lstm_panels_size(p.D, p.H));
        return w;
    }
    const int columns = static_cast<int>(width), inputs = p.D - w.in_table;
    w.input = quantized_at(block.take(quantized_size(inputs, columns)), inputs, columns);
    w.state = quantized_at(block.take(quantized_size(p.H, columns)), p.H, columns);
    return w;
}

void pack(const Lstm& w, const Table* table) {
    if (w.form == Form::panels) pack_lstm(w.p, w.panels, w.bias);
    if (w.form == Form::int8) {
        const int H = w.p.H;
        for (int column = 0; column < static_cast<int>(lstm_bias_size(H)); column += kLanes) {
            const int unit = column / kColumns * kLanes, gate = column % kColumns / kLanes;
            store(w.bias + column, masked_load(w.p.b + offset(gate, H) + unit, smaller(kLanes, H - unit)));
        }
        pack_gates(w.input, w.p.Wx, w.p.D, w.in_table, H);
        pack_gates(w.state, w.p.Wh, H, 0, H);
    }
    if (w.table != nullptr) fill_table(w, *table);
}

namespace {

void step_quantized(const Lstm& w, int n, const int* at, const int* symbols, bool fresh, float* h, float* c, const LayerScratch& scratch) {
    const int H = w.p.H, inputs = w.input.K;
    const ptrdiff_t width = static_cast<ptrdiff_t>(lstm_bias_size(H));
    const QuantizedRows x = quantized_rows_at(scratch.blocks, n, inputs), before = quantized_rows_at(scratch.blocks + quantized_rows_size(n, inputs), n, H);
    for (int r = 0; r < n; r++) {
        quantize(x, r, scratch.x + offset(r, inputs), inputs);
        if (!fresh) quantize(before, r, h + offset(at[r], H), H);
    }
    alignas(64) float sums[kQuantizedMR * kColumns];
    for (int u = 0; u < H; u += kLanes) {
        const int group = u / kLanes, lanes = H - u;
        for (int first = 0; first < n; first += kQuantizedMR) {
            const int rows = smaller(kQuantizedMR, n - first);
            for (int r = 0; r < rows; r++) {
                const float* start = w.table == nullptr ? w.bias : w.table + symbols[first + r] * width;
                memcpy(sums + r * kColumns, start + group * kColumns, kColumns * kFloat);
            }
            if (inputs > 0) multiply_quantized(first, rows, x, w.input, group, sums, kColumns, sums, kColumns, kColumns);
            if (!fresh) multiply_quantized(first, rows, before, w.state, group, sums, kColumns, sums, kColumns, kColumns);
            for (int r = 0; r < rows; r++) {
                const float* a = sums + r * kColumns;
                const ptrdiff_t row = offset(at[first + r], H) + u;
                const Point y = lstm_point(load(a), load(a + kLanes), load(a + 2 * kLanes), load(a + 3 * kLanes), masked_load(c + row, lanes));
                masked_store(c + row, y.c, lanes);
                masked_store(h + row, y.h, lanes);
            }
        }
    }
}

}  // namespace

void lstm_step(const Lstm& w, int n, const int* at, const int* symbols, bool fresh, float* h, float* c, const LayerScratch& scratch) {
    if (w.form == Form::int8) return step_quantized(w, n, at, symbols, fresh, h, c, scratch);
    const int D = w.p.D, H = w.p.H, inputs = D - w.in_table;
    const Rows a{scratch.blocks, n};
    for (int r = 0; r < n; r++) {
        put(a, r, 0, scratch.x + offset(r, inputs), inputs);
        if (!fresh) put(a, r, inputs, h + offset(at[r], H), H);
    }
    const Begun begun{w.table, symbols, w.in_table};
    lstm_rows(n, at, {w.panels, w.bias}, D, H, a, scratch.tile, c, c, h, H, nullptr, begun, fresh);
}

}  // namespace seqwright::SEQWRIGHT_ISA
