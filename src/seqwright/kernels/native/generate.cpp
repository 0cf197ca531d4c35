// Generation, the whole loop: the twin of kernels/reference/generate.py.
//
//   x = [E[id], peek]      h, c = LSTM layers (x)       context = attention (h, keys of the memory, memory)
//   h̃ = tanh([context, h] Wc + bc)      scores = [h̃ or h, peek] W + b      id = the best symbol
//
// Rows are independent: they are cut over the threads, each thread runs all steps of its rows, and a row that has ended
// drops out of the products (its state stays as its last step left it). Where the caller brings no packed weights, they are
// packed once for all steps, or, for a few rows, read where they lie.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2; D 128, H 256, bilinear attention over 8 rows of 512, 10 symbols of 64: one row
// 0.36 ms (2.9 MB of weights a step at 80 GB/s, which is what the third-level cache gives), 4 rows 0.66 ms, 16 rows 1.4 ms,
// 256 rows 18 ms. With kept weights, whose table and keys leave 1.8 MB a step, one row takes 0.25 ms; as int8, which stay in
// the second-level cache, 0.05. Cutting one row's columns over threads was not tried: it would need a barrier behind every product.
#include "decoding.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

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

}  // namespace

void generate(const Generation& g) {
    const ptrdiff_t B = g.B;
    for (ptrdiff_t i = 0; i < B * g.T; i++) {
        g.ids[i] = -1;
        g.log_probs[i] = 0;
    }
    memset(g.lengths, 0, static_cast<size_t>(B) * sizeof(int32_t));
    if (g.T == 0 || B == 0) return;

    const int H = g.H, S = g.S, M = g.M, V = g.V;
    const double rows = static_cast<double>(B), row_steps = rows * g.T;
    const Weights w = decoder_weights(g, rows, row_steps, workspace(Slot::packed, weights_size(g, rows, row_steps)));
    const int shards = tasks_for(work_of_a_row(g) * row_steps, 1 << 17, static_cast<int>(B));
    parallel(shards, [&](int shard) {
        const Range mine = share(static_cast<int>(B), shards, shard);
        const int most = mine.end - mine.begin;
        int* live = reinterpret_cast<int*>(workspace(Slot::state, 2 * static_cast<size_t>(most)));
        int* symbols = live + most;  // of each live row
        const size_t keys_size = has_keys(g) ? Scratch::rounded(static_cast<size_t>(S) * static_cast<size_t>(H)) : 0;
        Scratch scratch{workspace(Slot::step, room_size(g, most) + 2 * Scratch::rounded(static_cast<size_t>(S)) +
                                                  static_cast<size_t>(most) * keys_size)};
        const DecoderRoom room = room_for(g, most, scratch.take(room_size(g, most)));
        float* weights = scratch.take(static_cast<size_t>(S));
        float* bias_row = scratch.take(static_cast<size_t>(S));
        float* keys = scratch.take(static_cast<size_t>(most) * keys_size);  // of source b, from (b - mine.begin) · keys_size on
        const auto memory_of = [&](int b) { return Memory{g.memory + static_cast<ptrdiff_t>(b) * M, B * M, M}; };
        const auto keys_of = [&](int b) { return keys + static_cast<size_t>(b - mine.begin) * keys_size; };

        int n = 0;
        for (int b = mine.begin; b < mine.end; b++)
            if (g.limits[b] > 0) {
                live[n] = b;
                symbols[n++] = g.start_id;
                if (has_keys(g))
                    make_keys(g, w, memory_of(b), larger(0, smaller(g.memory_lengths[b], S)), keys_of(b), workspace(Slot::panel, keys_room(g)));
            }
        for (int t = 0; t < g.T && n > 0; t++) {
            run_layers(g, w, n, symbols, live, live, g.h, g.c, B * H, room);
            if (g.attends) {
                const float *q = queries(g, w, n, room), *bias = bias_of_step(g, t, bias_row);
                for (int r = 0; r < n; r++) {
                    float* row = room.sums + static_cast<ptrdiff_t>(r) * (M + H);  // [context, h]
                    const Memory memory = memory_of(live[r]), keys_here = has_keys(g) ? Memory{keys_of(live[r]), H, H} : memory;
                    attend(1, S, q + static_cast<ptrdiff_t>(r) * H, 0, keys_here, g.v, memory, g.memory_lengths[live[r]], bias, 0,
                           weights, 0, row, 0);
                    memcpy(row + M, room.x + static_cast<ptrdiff_t>(r) * H, static_cast<size_t>(H) * sizeof(float));
                }
                combine_context(g, w, n, room);
            }
            score_symbols(g, w, n, live, room);
            int still = 0;
            for (int r = 0; r < n; r++) {
                const int b = live[r];
                const float* s = room.scores + static_cast<ptrdiff_t>(r) * V;
                const Softmax z = softmax_sums(V, s, 1.0f, nullptr);
                const int id = best_of(V, s, z);
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
