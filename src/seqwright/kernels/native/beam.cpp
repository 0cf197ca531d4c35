// Beam search, the whole loop: the twin of kernels/reference/beam.py. Width 1 is greedy search.
//
//   log_p (K, V) = log softmax (scores of the K live hypotheses)      total' = total + log_p, in double
//   the `width - done` best of total' (K, V) go on; of equals, the better hypothesis, then the lower id
//
// A source is searched as if it were alone: nothing that is summed depends on its neighbours. The threads share out the
// sources by turns (those of a batch are usually sorted by length), and each keeps about kRows hypotheses in its products:
// it takes up the next source as soon as one has ended, so the products stay high until the last sources of all.
//
// States (L, K, H) lie compactly in slabs that change places at every step, when the survivors copy their parents' rows.
// What hypotheses look at is not copied: those of a source are the steps of one `attend`. With bilinear attention a
// source's keys, memory Waᵀ, are made once: S products with Wa instead of one for each of K T hypotheses. Symbols, parents
// and attention of each step are kept until the source ends; candidates are read off them backwards.
// With no more than kStreamed hypotheses in all and no packed weights from the caller, weights are read where they lie.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2, D 128, H 256, bilinear attention over 8 rows of 512, 10 symbols of 64, width 1
// and 5: one word 0.30 and 0.55 ms, 256 words 17.7 and 64 ms. Of the 0.55, reading weights is most: five rows streamed in one
// pass (0.56) are no faster than packing first, and eight are slower (0.87, packed 0.64). What took the 256 words from 77 to
// 64 ms is the table of input products, see decoding.cpp; from there on, the products run at 190 GFLOP/s.
#include "decoding.hpp"

#include <initializer_list>

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr int kRows = 10 * 14;                // hypotheses in a thread's products: ten tiles of AVX-512
constexpr double kHistory = 4 * 1024 * 1024;  // floats a thread keeps of the steps of its sources, unless one needs more

struct Node {  // a hypothesis that goes on: the place of its parent among those of the step before, and what it added
    int parent, symbol;
    float log_prob;
};

struct Choice {
    double total;
    int k, symbol;
};

// A NaN is better than any number, as argmax has it.
SEQWRIGHT_INLINE bool better(double a, double b) { return a > b || (a != a && b == b); }

// The best of all that are offered, at most `room` of them, best first; of equals, the one that came first.
struct Best {
    Choice* at;
    int room, n;

    void offer(double before, float log_p, int k, int symbol) {
        const double total = before + log_p;
        if (n == room && !(room > 0 && better(total, at[n - 1].total))) return;
        if (log_p == -INFINITY || total == -INFINITY) return;
        int place = n < room ? n++ : n - 1;
        for (; place > 0 && better(total, at[place - 1].total); place--) at[place] = at[place - 1];
        at[place] = {total, k, symbol};
    }
};

struct Hypotheses {  // all that go on, those of a source next to each other
    float *h, *c;  // (L, most, H)
    double* totals;
    int *symbols, *sources, *parents;  // parents: rows of the hypotheses of the step before
};

struct Search {  // of one source
    int source, n_steps, n_done;
    int n_live;    // its hypotheses; their rows follow those of the searches before
    float* keys;   // (S, H), for bilinear attention
    float* looks;  // (T, width, S): where hypothesis k looked at step t
    Node* nodes;   // (T, width): those that go on behind step t
};

// Whether `id` is the first of the best.
bool is_argmax(int V, const float* log_p, int id) {
    for (int v = 0; v < V; v++)
        if (better(log_p[v], log_p[id]) || (v < id && !better(log_p[id], log_p[v]))) return false;
    return true;
}

class Shard {
  public:
    // Sources first, first + stride, … of g.
    Shard(const BeamSearch& g, const Weights& w, int first, int stride) : g_(g), w_(w), next_source_(first), stride_(stride) {
        const size_t H = count(g.H), T = count(g.T), S = count(g.S), width = count(g.width), layers = count(g.n_layers);
        const size_t keys = bilinear() ? Scratch::rounded(S * H) : 0, looks = g.attends ? Scratch::rounded(T * width * S) : 0,
                     nodes = floats_for<Node>(T * width);
        const double kept = static_cast<double>(keys + looks + nodes);
        const int mine = (g.B - first + stride - 1) / stride;
        most_ = smaller(mine, larger(1, static_cast<int>(fmin(kRows / g.width, kHistory / kept))));

        const int rows = most_ * g.width;
        const size_t n = count(rows), state = Scratch::rounded(layers * n * H);
        const size_t hypotheses = 2 * state + floats_for<double>(n) + 3 * floats_for<int>(n);
        Scratch scratch{workspace(Slot::step, room_size(g, rows) + 2 * hypotheses + floats_for<int>(n) + floats_for<Choice>(width) +
                                                  floats_for<Search>(count(most_)) + count(most_) * (keys + looks + nodes))};
        room_ = room_for(g, rows, scratch.take(room_size(g, rows)));
        layer_stride_ = static_cast<ptrdiff_t>(n * H);
        for (Hypotheses* x : {&now_, &then_}) {
            x->h = scratch.take(state);
            x->c = scratch.take(state);
            x->totals = reinterpret_cast<double*>(scratch.take(floats_for<double>(n)));
            for (int** column : {&x->symbols, &x->sources, &x->parents})
                *column = reinterpret_cast<int*>(scratch.take(floats_for<int>(n)));
        }
        places_ = reinterpret_cast<int*>(scratch.take(floats_for<int>(n)));
        for (int r = 0; r < rows; r++) places_[r] = r;
        choices_ = reinterpret_cast<Choice*>(scratch.take(floats_for<Choice>(width)));
        searches_ = reinterpret_cast<Search*>(scratch.take(floats_for<Search>(count(most_))));
        for (int i = 0; i < most_; i++) {
            searches_[i].keys = scratch.take(keys);
            searches_[i].looks = scratch.take(looks);
            searches_[i].nodes = reinterpret_cast<Node*>(scratch.take(nodes));
        }
    }

    void run() {
        for (;;) {
            while (n_searches_ < most_ && next_source_ < g_.B) begin();
            if (n_searches_ == 0) return;
            step();
            choose();
            gather();
        }
    }

  private:
    static size_t count(int n) { return static_cast<size_t>(n); }
    template <typename T>
    static size_t floats_for(size_t n) {
        return Scratch::rounded((n * sizeof(T) + sizeof(float) - 1) / sizeof(float));
    }

    bool bilinear() const { return g_.attends && g_.Wa != nullptr; }
    float* log_probs(int row) { return room_.scores + static_cast<ptrdiff_t>(row) * g_.V; }
    float* looks(const Search& s, int t, int k) const { return s.looks + (static_cast<ptrdiff_t>(t) * g_.width + k) * g_.S; }
    Node* nodes(const Search& s, int t) const { return s.nodes + static_cast<ptrdiff_t>(t) * g_.width; }
    Memory memory_of(int b) const { return {g_.memory + static_cast<ptrdiff_t>(b) * g_.M, static_cast<ptrdiff_t>(g_.B) * g_.M, g_.M}; }

    // Take up the next source, with one hypothesis that has read nothing.
    void begin() {
        const int b = next_source_, row = n_rows_++;
        next_source_ += stride_;
        Search& s = searches_[n_searches_++];
        s.source = b;
        s.n_steps = s.n_done = 0;
        s.n_live = 1;
        for (int l = 0; l < g_.n_layers; l++) {
            const ptrdiff_t to = l * layer_stride_ + static_cast<ptrdiff_t>(row) * g_.H;
            const ptrdiff_t from = (static_cast<ptrdiff_t>(l) * g_.B + b) * g_.H;
            memcpy(now_.h + to, g_.h + from, count(g_.H) * sizeof(float));
            memcpy(now_.c + to, g_.c + from, count(g_.H) * sizeof(float));
        }
        now_.symbols[row] = g_.start_id;
        now_.sources[row] = b;
        now_.totals[row] = 0;
        for (int k = 0; k < g_.width; k++) g_.lengths[static_cast<ptrdiff_t>(b) * g_.width + k] = 0;
        if (!bilinear()) return;
        make_keys(g_, w_, memory_of(b), larger(0, smaller(g_.memory_lengths[b], g_.S)), s.keys, workspace(Slot::panel, keys_room(g_)));
    }

    // The log-probabilities of what may follow each hypothesis, in room_.scores (rows, V).
    void step() {
        run_layers(g_, w_, n_rows_, now_.symbols, now_.sources, places_, now_.h, now_.c, layer_stride_, room_);
        if (g_.attends) {
            const ptrdiff_t wide = g_.M + g_.H;  // [context, h]
            ptrdiff_t first = 0;
            for (int i = 0; i < n_searches_; first += searches_[i++].n_live) {
                const Search& s = searches_[i];
                const Memory memory = memory_of(s.source);
                attend(s.n_live, g_.S, room_.x + first * g_.H, g_.H, bilinear() ? Memory{s.keys, g_.H, g_.H} : memory, memory,
                       g_.memory_lengths[s.source], looks(s, s.n_steps, 0), g_.S, room_.sums + first * wide, wide);
            }
            for (ptrdiff_t r = 0; r < n_rows_; r++)
                memcpy(room_.sums + r * wide + g_.M, room_.x + r * g_.H, count(g_.H) * sizeof(float));
            combine_context(g_, w_, n_rows_, room_);
        }
        score_symbols(g_, w_, n_rows_, now_.sources, room_);
        for (int r = 0; r < n_rows_; r++) {
            float* s = log_probs(r);
            const Softmax z = softmax_sums(g_.V, s, 1.0f, nullptr);
            const Vec top = set(z.top), log_total = set(z.log_total);
            for (int v = 0; v < g_.V; v += kLanes) give(s + v, (take(s + v, g_.V - v) - top) - log_total, g_.V - v);
        }
    }

    // Name the hypotheses that follow, in then_; write those that end as candidates; drop the sources that have none left.
    void choose() {
        int first = 0, n_kept = 0, n_rows = 0;
        for (int i = 0; i < n_searches_; i++) {
            Search& s = searches_[i];
            const bool full = s.n_steps >= g_.limits[s.source];
            const Best best = best_of(s, first, full);
            const int n_before = s.n_live;
            s.n_live = 0;
            for (int j = 0; j < best.n; j++) {
                const Choice& c = best.at[j];
                const float* log_p = log_probs(first + c.k);
                if (c.symbol == g_.end_id) {
                    write_candidate(s, c.k, log_p[c.symbol], !full || is_argmax(g_.V, log_p, g_.end_id));
                    continue;
                }
                nodes(s, s.n_steps)[s.n_live++] = {c.k, c.symbol, log_p[c.symbol]};
                then_.symbols[n_rows] = c.symbol;
                then_.sources[n_rows] = s.source;
                then_.totals[n_rows] = c.total;
                then_.parents[n_rows++] = first + c.k;
            }
            s.n_steps++;
            first += n_before;
            if (s.n_live == 0) continue;
            const Search ended = searches_[n_kept];  // its slabs serve a later source
            searches_[n_kept] = s;
            if (n_kept++ != i) s = ended;
        }
        n_searches_ = n_kept;
        n_rows_ = n_rows;
    }

    // The best continuations of a source whose hypotheses begin at row `first`, as many as it still has places for.
    Best best_of(const Search& s, int first, bool full) {
        Best best{choices_, g_.width - s.n_done, 0};
        const bool too_short = s.n_steps < g_.shortest[s.source];
        for (int k = 0; k < s.n_live; k++) {
            const float* log_p = log_probs(first + k);
            const double total = now_.totals[first + k];
            if (full) {
                best.offer(total, log_p[g_.end_id], k, g_.end_id);
                continue;
            }
            for (int v = 0; v < g_.V; v++)
                if (v != g_.end_id || !too_short) best.offer(total, log_p[v], k, v);
        }
        return best;
    }

    // Hypothesis k of s, as it was before this step, and the end.
    void write_candidate(Search& s, int k, float log_prob, bool own_end) {
        const ptrdiff_t place = static_cast<ptrdiff_t>(s.source) * g_.width + s.n_done++;
        g_.lengths[place] = s.n_steps + 1;
        g_.own_end[place] = own_end;
        int symbol = g_.end_id;
        for (int t = s.n_steps;; t--) {
            g_.ids[place * g_.T + t] = symbol;
            g_.log_probs[place * g_.T + t] = log_prob;
            if (g_.attended != nullptr)
                memcpy(g_.attended + (place * g_.T + t) * g_.S, looks(s, t, k), count(g_.S) * sizeof(float));
            if (t == 0) return;
            const Node& node = nodes(s, t - 1)[k];
            symbol = node.symbol;
            log_prob = node.log_prob;
            k = node.parent;
        }
    }

    // Copy the state of each hypothesis' parent.
    void gather() {
        const size_t bytes = count(g_.H) * sizeof(float);
        for (int l = 0; l < g_.n_layers; l++)
            for (int r = 0; r < n_rows_; r++) {
                const ptrdiff_t to = l * layer_stride_ + static_cast<ptrdiff_t>(r) * g_.H;
                const ptrdiff_t from = l * layer_stride_ + static_cast<ptrdiff_t>(then_.parents[r]) * g_.H;
                memcpy(then_.h + to, now_.h + from, bytes);
                memcpy(then_.c + to, now_.c + from, bytes);
            }
        const Hypotheses before = now_;
        now_ = then_;
        then_ = before;
    }

    const BeamSearch& g_;
    const Weights& w_;
    int next_source_, stride_;
    int most_ = 0, n_searches_ = 0, n_rows_ = 0;  // most_: sources at a time
    DecoderRoom room_{};
    Hypotheses now_{}, then_{};
    ptrdiff_t layer_stride_ = 0;
    int* places_ = nullptr;  // 0, 1, 2, …: rows lie compactly
    Choice* choices_ = nullptr;
    Search* searches_ = nullptr;
};

}  // namespace

void beam(const BeamSearch& g) {
    if (g.B == 0 || g.width == 0) return;
    const double rows = static_cast<double>(g.B) * g.width;
    const Weights w = decoder_weights(g, rows, rows * g.T);
    const int shards = tasks_for(work_of_a_row(g) * rows * g.T, 1 << 17, g.B);
    parallel(shards, [&](int shard) { Shard(g, w, shard, shards).run(); });
}

}  // namespace seqwright::SEQWRIGHT_ISA
