// The parts of a decoder step, for the search.
//
//   x = [E[id], conditioning]      h, c = LSTM layers (x)       (context = attention (h, memory), in the caller)
//   h̃ = tanh([context, h] Wc + bc)      logits = [h̃ or h, conditioning] W + b
//
// Rows are independent, and a row's bytes do not depend on other rows: see packed.cpp. Keys that are projections of the memory
// (memory Waᵀ, memory Wk) are computed once for a source, so that a step projects its queries at most.
//
// Packed weights include a table of b + E[id] Wx for all symbols, unless it is too large: a third fewer multiply-adds in the LSTM of D 128,
// H 256.
#include "decoding.hpp"

#include <initializer_list>

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr size_t kFloat = sizeof(float);

Table table_of(const Decoder& d) { return {d.E, d.V, d.D}; }

bool table_fits(const Decoder& d) { return static_cast<double>(d.V) * static_cast<double>(lstm_bias_size(d.H)) <= kTable; }

Weights unplaced(const Decoder& d) {
    const Form form = d.int8 ? Form::int8 : Form::panels;
    return {{d.keys_W, nullptr, d.M, d.H, has_keys(d) && d.score->keys_transposed, form, nullptr},
            {d.query_W, nullptr, d.H, d.H, false, form, nullptr},
            {d.Wc, d.bc, d.M + d.H, d.H, false, form, nullptr},
            {d.W, d.b, d.H + d.P, d.V, d.tied, form, nullptr},
            form, nullptr, table_fits(d)};
}

// The layer at the present position of `block`.
Lstm next_layer(const Decoder& d, const Weights& w, int l, Block& block) {
    const Table table = table_of(d);
    return lay_out(d.layers[l], w.form, l == 0 && w.table ? &table : nullptr, block);
}

size_t lay_out(const Decoder& d, Weights& w, float* at) {
    w.block = at;
    Block block(at);
    for (int l = 0; l < d.n_layers; l++) next_layer(d, w, l, block);
    if (has_keys(d)) lay_out(w.keys, block);
    if (has_query(d)) lay_out(w.query, block);
    if (d.score != nullptr) lay_out(w.combine, block);
    lay_out(w.output, block);
    return block.size;
}

void pack_all(const Decoder& d, const Weights& w) {
    const Table table = table_of(d);
    Block block(w.block);
    for (int l = 0; l < d.n_layers; l++) pack(next_layer(d, w, l, block), &table);
    if (has_keys(d)) pack(w.keys);
    if (has_query(d)) pack(w.query);
    if (d.score != nullptr) pack(w.combine);
    pack(w.output);
}

}  // namespace

size_t decoder_size(const Decoder& d) {
    Weights w = unplaced(d);
    return lay_out(d, w, nullptr);
}

void pack_decoder(const Decoder& d, float* packed) {
    Weights w = unplaced(d);
    lay_out(d, w, packed);
    pack_all(d, w);
}

Weights weights_of(const Decoder& d) {
    Weights w = unplaced(d);
    lay_out(d, w, const_cast<float*>(d.packed));  // which is only read
    return w;
}

Score score_of(const Decoder& d) {
#define SEQWRIGHT_FUNCTION(name, keys, keys_transposed, query, vector, function) function,
    static constexpr Score functions[] = {SEQWRIGHT_SCORES(SEQWRIGHT_FUNCTION)};
#undef SEQWRIGHT_FUNCTION
    return functions[d.score - kScores];
}

double work_of_a_row(const Decoder& d) {
    double work = static_cast<double>(d.H + d.P) * d.V;
    if (d.score != nullptr) work += static_cast<double>(d.M + d.H) * d.H + static_cast<double>(d.H) * d.M;
    for (int l = 0; l < d.n_layers; l++) work += 4.0 * d.H * (d.layers[l].D + d.H);
    return work;
}

namespace {

int deepest(const Decoder& d) {  // of the left factors
    return larger(larger(d.D + d.P, d.H) + d.H, larger(d.H + d.P, d.score != nullptr ? d.M + d.H : 0));
}

}  // namespace

size_t row_width(const Decoder& d) { return static_cast<size_t>(larger(deepest(d), 4 * d.H)); }

size_t scratch_size(const Decoder& d, int rows) {
    return 3 * Block::rounded(static_cast<size_t>(rows) * row_width(d)) +
           Block::rounded(static_cast<size_t>(rows) * static_cast<size_t>(d.V));
}

DecoderScratch scratch_for(const Decoder& d, int rows, float* at) {
    const size_t n = static_cast<size_t>(rows), wide = n * row_width(d);
    Block block(at);
    DecoderScratch scratch{};
    for (float** piece : {&scratch.x, &scratch.y, &scratch.sums}) *piece = block.take(wide);
    scratch.logits = block.take(n * static_cast<size_t>(d.V));
    scratch.blocks = workspace(Slot::rows, rows_size(rows, deepest(d)) + 2 * quantized_rows_size(rows, 0));
    scratch.tile = workspace(Slot::tile, n * (4 * kLanes));
    return scratch;
}

size_t keys_scratch_size(const Decoder& d) { return Block::rounded(static_cast<size_t>(d.S) * static_cast<size_t>(d.M)) + rows_size(d.S, d.M) + quantized_rows_size(d.S, 0); }

void make_keys(const Decoder& d, const Weights& w, Memory memory, int length, float* keys, float* scratch) {
    // The rows of a source have the batch as stride: they are copied together first.
    float* rows = scratch;
    for (int s = 0; s < length; s++)
        memcpy(rows + static_cast<ptrdiff_t>(s) * d.M, memory.rows + s * memory.stride, static_cast<size_t>(d.M) * kFloat);
    product(w.keys, length, rows, keys, scratch + Block::rounded(static_cast<size_t>(d.S) * static_cast<size_t>(d.M)));
}

namespace {

// Row r of scratch.x: [E[symbols[r]], conditioning], or the latter alone with a table.
void read_symbols(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const LayerScratch& scratch) {
    const int D = w.table ? 0 : d.D;
    for (int r = 0; r < n; r++) {
        float* row = scratch.x + static_cast<ptrdiff_t>(r) * (D + d.P);
        if (D > 0) memcpy(row, d.E + static_cast<ptrdiff_t>(symbols[r]) * D, static_cast<size_t>(D) * kFloat);
        if (d.P > 0) memcpy(row + D, d.conditioning + static_cast<ptrdiff_t>(sources[r]) * d.P, static_cast<size_t>(d.P) * kFloat);
    }
}

}  // namespace

void run_layers(const Decoder& d, const Weights& w, int n, const int* symbols, const int* sources, const int* at, float* h, float* c,
                ptrdiff_t stride, const DecoderScratch& scratch) {
    const int H = d.H;
    read_symbols(d, w, n, symbols, sources, scratch);
    Block block(w.block);
    for (int l = 0; l < d.n_layers; l++, h += stride, c += stride) {
        lstm_step(next_layer(d, w, l, block), n, at, symbols, false, h, c, scratch);
        for (int r = 0; r < n; r++)
            memcpy(scratch.x + static_cast<ptrdiff_t>(r) * H, h + static_cast<ptrdiff_t>(at[r]) * H, static_cast<size_t>(H) * kFloat);
    }
}

const float* queries(const Decoder& d, const Weights& w, int n, const DecoderScratch& scratch) {
    if (!has_query(d)) return scratch.x;
    product(w.query, n, scratch.x, scratch.y, scratch.blocks);
    return scratch.y;
}

const float* bias_of_step(const Decoder& d, int step, float* row) {
    if (d.distance == nullptr) return nullptr;
    for (int s = 0; s < d.S; s++) row[s] = d.distance[larger(-d.farthest, smaller(s - step, d.farthest)) + d.farthest];
    return row;
}

void combine_context(const Decoder& d, const Weights& w, int n, const DecoderScratch& scratch) {
    product(w.combine, n, scratch.sums, scratch.x, scratch.blocks);
    const size_t size = static_cast<size_t>(n) * static_cast<size_t>(d.H);
    for (size_t i = 0; i < size; i += kLanes) {
        const int lanes = lanes_left(size, i);
        masked_store(scratch.x + i, tanh(masked_load(scratch.x + i, lanes)), lanes);
    }
}

void output_logits(const Decoder& d, const Weights& w, int n, const int* sources, const DecoderScratch& scratch) {
    const float* top = scratch.x;
    if (d.P > 0) {
        for (int r = 0; r < n; r++) {
            float* row = scratch.y + static_cast<ptrdiff_t>(r) * (d.H + d.P);
            memcpy(row, scratch.x + static_cast<ptrdiff_t>(r) * d.H, static_cast<size_t>(d.H) * kFloat);
            memcpy(row + d.H, d.conditioning + static_cast<ptrdiff_t>(sources[r]) * d.P, static_cast<size_t>(d.P) * kFloat);
        }
        top = scratch.y;
    }
    product(w.output, n, top, scratch.logits, scratch.blocks);
}

}  // namespace seqwright::SEQWRIGHT_ISA
