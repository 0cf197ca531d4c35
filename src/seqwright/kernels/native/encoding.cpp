// The encoder for inference in one call; specified by models/encoder.py.
//
//   x = E[id]      h, c = LSTM layers (x) in one direction or both      memory = outputs of the last layer
//   h0 = [h forward, h backward] Wb + bb, or h; c0 alike, or zeros
//
// States are updated in place, so only the memory grows with S. The threads share the rows, and each thread runs all layers
// and steps of its rows.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2, 8 symbols, D 128, H 256, both directions, weights kept: one word 0.19 ms (int8
// 0.03), 256 words 15 ms (int8 8), measured beside other work.
#include "packed.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

SEQWRIGHT_INLINE size_t count(int n) { return static_cast<size_t>(n); }
SEQWRIGHT_INLINE ptrdiff_t offset(int row, int width) { return static_cast<ptrdiff_t>(row) * width; }

struct Weights {
    Form form;
    float* block;
    bool table;
};

const LstmLayer& layer_of(const Encoder& e, int layer, int direction) { return e.layers[layer * e.n_directions + direction]; }

Table table_of(const Encoder& e) { return {e.E, e.V, e.D}; }

Linear bridge_of(const Encoder& e, int state, Form form) {
    return {e.bridge[state], e.bridge_b[state], 2 * e.H, e.H, false, form, nullptr};
}

// Lay out the parts in order, and call see_layer or see_bridge for each.
template <typename SeeLayer, typename SeeBridge>
void each_part(const Encoder& e, const Weights& w, Block& block, const SeeLayer& see_layer, const SeeBridge& see_bridge) {
    const Table table = table_of(e);
    for (int l = 0; l < e.n_layers; l++)
        for (int direction = 0; direction < e.n_directions; direction++)
            see_layer(l, direction, lay_out(layer_of(e, l, direction), w.form, l == 0 && w.table ? &table : nullptr, block));
    for (int state = 0; state < 2; state++) {
        if (e.bridge_b[state] == nullptr) continue;
        Linear m = bridge_of(e, state, w.form);
        lay_out(m, block);
        see_bridge(state, m);
    }
}

bool table_fits(const Encoder& e) { return static_cast<double>(e.V) * static_cast<double>(lstm_bias_size(e.H)) <= kTable; }

size_t size_of(const Encoder& e, const Weights& w) {
    Block block(nullptr);
    each_part(e, w, block, [](int, int, const Lstm&) {}, [](int, const Linear&) {});
    return block.size;
}

void pack_into(const Encoder& e, const Weights& w) {
    const Table table = table_of(e);
    Block block(w.block);
    each_part(e, w, block, [&](int, int, const Lstm& part) { pack(part, &table); }, [](int, const Linear& part) { pack(part); });
}

Weights weights_of(const Encoder& e, float* block) { return {e.int8 ? Form::int8 : Form::panels, block, table_fits(e)}; }

class Shard {
  public:
    Shard(const Encoding& e, const Weights& w, Range rows) : e_(e), w_(w), rows_(rows), n_(rows.end - rows.begin) {
        const size_t n = count(n_), M = count(e.n_directions) * count(e.H), wide = count(deepest());
        lay_out_scratch(workspace(Slot::step, lay_out_scratch(nullptr, n, M, wide)), n, M, wide);
        int* ints = reinterpret_cast<int*>(workspace(Slot::state, 2 * n));
        live_ = ints;
        symbols_ = ints + n;
        scratch_.blocks = workspace(Slot::rows, rows_size(n_, deepest() + e.H) + quantized_rows_size(n_, 0));
        scratch_.tile = workspace(Slot::tile, n * (4 * kLanes));
    }

    void run() {
        Block block(w_.block);
        const float* inputs = nullptr;  // (S, n, M) of the layer below
        each_part(
            e_, w_, block,
            [&](int layer, int direction, const Lstm& part) {
                float* outputs = between_[layer % 2];
                run_direction(part, layer, direction, inputs, outputs);
                if (direction + 1 == e_.n_directions) inputs = outputs;
            },
            [&](int state, const Linear& part) { cross(state, part); });
    }

  private:
    int deepest() const { return larger(larger(e_.D, e_.n_layers > 1 ? e_.n_directions * e_.H : 0), 2 * e_.H); }
    bool backwards(int direction) const { return direction == 1 || e_.reverse; }

    size_t lay_out_scratch(float* at, size_t n, size_t M, size_t wide) {
        Block block(at);
        scratch_ = {block.take(n * wide), nullptr, nullptr, nullptr, nullptr};
        ends_h_ = block.take(count(e_.n_layers) * n * M);
        ends_c_ = block.take(count(e_.n_layers) * n * M);
        const size_t whole = count(e_.S) * n * M;
        between_[0] = block.take(e_.n_layers > 1 ? whole : 0);
        between_[1] = block.take(e_.n_layers > 2 ? whole : 0);
        return block.size;
    }

    // State of all rows after their last symbol: (n, H) of a layer and direction.
    float* ends(float* of, int layer, int direction) const { return of + (offset(layer, e_.n_directions) + direction) * n_ * e_.H; }

    void run_direction(const Lstm& part, int layer, int direction, const float* inputs, float* between) {
        const int H = e_.H, M = e_.n_directions * H;
        float *h = ends(ends_h_, layer, direction), *c = ends(ends_c_, layer, direction);
        memset(h, 0, count(n_) * count(H) * sizeof(float));
        memset(c, 0, count(n_) * count(H) * sizeof(float));
        const bool last = layer + 1 == e_.n_layers;
        for (int step = 0; step < e_.S; step++) {
            const int t = backwards(direction) ? e_.S - 1 - step : step;
            const int n = read(part, t, inputs);
            if (n > 0) lstm_step(part, n, live_, symbols_, step == 0, h, c, scratch_);
            for (int r = 0; r < n_; r++) {  // padding passes the state through
                float* to = last ? e_.memory + (static_cast<ptrdiff_t>(t) * e_.B + rows_.begin + r) * M : between + offset(t * n_ + r, M);
                memcpy(to + offset(direction, H), h + offset(r, H), count(H) * sizeof(float));
            }
        }
    }

    // List the rows with a symbol t, and write their inputs that are in no table to scratch.x.
    int read(const Lstm& part, int t, const float* inputs) {
        int n = 0;
        const int D = part.p.D - part.in_table;
        for (int r = 0; r < n_; r++) {
            const int b = rows_.begin + r;
            if (t >= e_.lengths[b]) continue;
            live_[n] = r;
            symbols_[n] = e_.ids[static_cast<ptrdiff_t>(t) * e_.B + b];
            if (D > 0) {
                const float* from = inputs == nullptr ? e_.E + offset(symbols_[n], D) : inputs + offset(t * n_ + r, D);
                memcpy(scratch_.x + offset(n, D), from, count(D) * sizeof(float));
            }
            n++;
        }
        return n;
    }

    void cross(int state, const Linear& bridge) {
        for (int layer = below(); layer < e_.n_layers; layer++) {
            float* both = scratch_.x;  // (n, 2H)
            for (int r = 0; r < n_; r++)
                for (int direction = 0; direction < 2; direction++)
                    memcpy(both + offset(r, 2 * e_.H) + offset(direction, e_.H),
                           ends(state == 0 ? ends_h_ : ends_c_, layer, direction) + offset(r, e_.H), count(e_.H) * sizeof(float));
            product(bridge, n_, both, decoders(state, layer), scratch_.blocks);
        }
    }

  public:
    // Initial states of the decoder that need no bridge.
    void copy_states() {
        const size_t bytes = count(n_) * count(e_.H) * sizeof(float);
        for (int state = 0; state < 2; state++)
            for (int layer = below(); layer < e_.n_layers; layer++) {
                if (e_.bridge_b[state] != nullptr) continue;
                if (e_.n_directions == 2 || (state == 1 && !e_.cell_crosses)) memset(decoders(state, layer), 0, bytes);
                else memcpy(decoders(state, layer), ends(state == 0 ? ends_h_ : ends_c_, layer, 0), bytes);
            }
    }

  private:
    int below() const { return e_.n_layers - e_.n_crossing; }

    // Output for the initial h or c of these rows in the decoder's layer that starts from this one.
    float* decoders(int state, int layer) const {
        return (state == 0 ? e_.h : e_.c) + offset((layer - below()) * e_.B + rows_.begin, e_.H);
    }

    const Encoding& e_;
    const Weights& w_;
    Range rows_;
    int n_;
    LayerScratch scratch_{};
    float *ends_h_ = nullptr, *ends_c_ = nullptr;  // (L, directions, n, H)
    float* between_[2] = {};                       // outputs of layers that are not the last, (S, n, M)
    int *live_ = nullptr, *symbols_ = nullptr;
};

}  // namespace

size_t encoder_size(const Encoder& e) { return size_of(e, weights_of(e, nullptr)); }

void pack_encoder(const Encoder& e, float* packed) { pack_into(e, weights_of(e, packed)); }

void encode(const Encoding& e) {
    if (e.B == 0) return;
    const Weights w = weights_of(e, const_cast<float*>(e.packed));  // laid out anew, but only read
    double work = 0;
    for (int i = 0; i < e.n_layers * e.n_directions; i++) work += 4.0 * e.H * ((i < e.n_directions ? e.D : e.n_directions * e.H) + e.H);
    const int shards = tasks_for(work * e.S * e.B, 1 << 17, e.B);
    parallel(shards, [&](int i) {
        Shard shard(e, w, share(e.B, shards, i));
        shard.run();
        shard.copy_states();
    });
}

}  // namespace seqwright::SEQWRIGHT_ISA
