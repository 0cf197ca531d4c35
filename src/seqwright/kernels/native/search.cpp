// Beam search and sampling; specified by search/beam.py and search/sample.py. Width 1 is greedy search.
//
//   log_p (K, V) = log-probabilities of the next symbols of K live hypotheses      total' = total + log_p, in double
//   each group keeps the `width / groups - done` best of total' - diversity · n_chosen; or samples one symbol
//
// Results of a source do not depend on the batch. Sources are assigned to threads round-robin (a batch is usually sorted by
// length), and each thread keeps about kRows hypotheses in its products: it starts the next source as soon as one has ended,
// so the products stay large until the last sources.
//
// A sample is a group of one hypothesis. All groups start from the same initial hypothesis. Symbols, parents and attention
// weights of each step are kept until the source ends; candidates are traced back through them.
//
// One thread of an AMD EPYC (Zen 5), GCC 12.2, D 128, H 256, bilinear attention over 8 rows of 512, 10 symbols of 64, width 1
// and 5: one word 0.30 and 0.55 ms, 256 words 17.7 and 64 ms. Of the 0.55, reading weights is most: five rows streamed in one
// pass (0.56) are no faster than packing first, and eight are slower (0.87, packed 0.64). What took the 256 words from 77 to
// 64 ms is the table of input products, see decoding.cpp; from there on, the products run at 190 GFLOP/s.
#include "choosing.hpp"
#include "constraint.hpp"
#include "ensemble.hpp"

#include <initializer_list>

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr int kRows = 10 * 14;                // hypotheses in a thread's products: ten tiles of AVX-512
constexpr double kHistory = 4 * 1024 * 1024;  // floats a thread keeps of the steps of its sources, unless one needs more

struct Node {  // a live hypothesis: index of its parent in the previous step, its last symbol and log-probability
    int parent, symbol;
    float log_prob;
};

struct Hypotheses {  // the live hypotheses, ordered by source and group
    double* totals;
    int *symbols, *sources, *parents;  // parents: rows of the previous step
    int* states;                       // of the automaton
};

struct Followed {  // a source in progress
    int source, scratch_index, n_steps;
    int n_live;         // its hypotheses; their rows follow those of the sources before
    int *live, *done;   // of each group: number of live and of finished hypotheses
    float* attention_weights;       // (T, width, S): of hypothesis k at step t; or null
    Node* nodes;        // (T, width): the live hypotheses after step t
};

class Shard {
  public:
    // Sources first, first + stride, … of g.
    Shard(const Search& g, const Weights* weights, int first, int stride)
        : g_(g), size_(g.width / g.groups), max_sources_(sources_at_a_time(g, first, stride)),
          block_{workspace(Slot::step, block_size(g, max_sources_))}, ensemble_(g, weights, max_sources_, block_), next_source_(first), stride_(stride) {
        const size_t n = count(max_sources_ * g.width);
        for (Hypotheses* x : {&now_, &then_}) {
            x->totals = take<double>(n);
            for (int** column : {&x->symbols, &x->sources, &x->parents, &x->states}) *column = take<int>(n);
        }
        choices_ = take<Choice>(count(g.width));
        by_model_ = take<int>(count(g.width));
        n_chosen_ = take<int>(count(g.V));
        sampling_scratch_ = block_.take(sampling_scratch_size(g.V));
        spans_ = take<Span>(count(max_sources_));
        sources_ = take<Followed>(count(max_sources_));
        for (int i = 0; i < max_sources_; i++) {
            Followed& s = sources_[i];
            s.scratch_index = i;
            s.live = take<int>(count(g.groups));
            s.done = take<int>(count(g.groups));
            s.attention_weights = g.attention_weights == nullptr ? nullptr : block_.take(weights_size(g));
            s.nodes = take<Node>(count(g.T) * count(g.width));
        }
    }

    void run() {
        for (;;) {
            while (n_sources_ < max_sources_ && next_source_ < g_.B) begin();
            if (n_sources_ == 0) return;
            step();
            choose();
            ensemble_.gather(n_rows_, then_.parents);
            const Hypotheses before = now_;
            now_ = then_;
            then_ = before;
        }
    }

  private:
    static size_t count(int n) { return static_cast<size_t>(n); }
    template <typename T>
    static size_t floats_for(size_t n) {
        return Block::rounded((n * sizeof(T) + sizeof(float) - 1) / sizeof(float));
    }
    template <typename T>
    T* take(size_t n) {
        return reinterpret_cast<T*>(block_.take(floats_for<T>(n)));
    }

    static size_t weights_size(const Search& g) { return count(g.T) * count(g.width) * count(g.S); }
    // Floats for a source in progress, besides its hypotheses.
    static size_t source_size(const Search& g) {
        return (g.attention_weights == nullptr ? 0 : Block::rounded(weights_size(g))) + floats_for<Node>(count(g.T) * count(g.width)) +
               2 * floats_for<int>(count(g.groups));
    }
    static int sources_at_a_time(const Search& g, int first, int stride) {
        const int mine = (g.B - first + stride - 1) / stride;
        const double kept = static_cast<double>(source_size(g) + Ensemble::source_scratch_size(g));
        return smaller(mine, larger(1, static_cast<int>(fmin(kRows / g.width, kHistory / kept))));
    }
    static size_t block_size(const Search& g, int sources) {
        const size_t n = count(sources * g.width), width = count(g.width);
        return Ensemble::size(g, sources) + 2 * (floats_for<double>(n) + 4 * floats_for<int>(n)) + floats_for<Choice>(width) +
               floats_for<int>(width) + floats_for<int>(count(g.V)) + Block::rounded(sampling_scratch_size(g.V)) + floats_for<Span>(count(sources)) +
               floats_for<Followed>(count(sources)) + count(sources) * source_size(g);
    }

    float* log_probs(int row) { return log_probs_ + static_cast<ptrdiff_t>(row) * g_.V; }
    float* weights_at(const Followed& s, int t, int k) const { return s.attention_weights + (static_cast<ptrdiff_t>(t) * g_.width + k) * g_.S; }
    Node* nodes(const Followed& s, int t) const { return s.nodes + static_cast<ptrdiff_t>(t) * g_.width; }

    // Start the next source, with one initial hypothesis.
    void begin() {
        const int b = next_source_, row = n_rows_++;
        next_source_ += stride_;
        Followed& s = sources_[n_sources_++];
        s.source = b;
        s.n_steps = 0;
        s.n_live = 1;
        for (int group = 0; group < g_.groups; group++) s.live[group] = s.done[group] = 0;
        for (int k = 0; k < g_.width; k++) g_.lengths[static_cast<ptrdiff_t>(b) * g_.width + k] = 0;
        ensemble_.begin(b, s.scratch_index, row);
        now_.symbols[row] = g_.start_id;
        now_.sources[row] = b;
        now_.totals[row] = 0;
        now_.states[row] = 0;
    }

    void step() {
        for (int i = 0; i < n_sources_; i++) {
            const Followed& s = sources_[i];
            spans_[i] = {s.source, s.scratch_index, s.n_live, s.n_steps, s.attention_weights == nullptr ? nullptr : weights_at(s, s.n_steps, 0)};
        }
        log_probs_ = ensemble_.step(n_rows_, now_.symbols, now_.sources, spans_, n_sources_);
    }

    // Select the next hypotheses into then_; write finished ones as candidates; drop sources without live hypotheses.
    void choose() {
        int first = 0, n_kept = 0;
        const int n_sources = n_sources_;
        n_rows_ = 0;
        for (int i = 0; i < n_sources; i++) {
            Followed& s = sources_[i];
            const int n_before = s.n_live;
            permit_each(s, first);
            choose_of(s, first);
            s.n_steps++;
            first += n_before;
            if (s.n_live == 0) continue;
            const Followed ended = sources_[n_kept];  // its memory serves a later source
            sources_[n_kept] = s;
            if (n_kept++ != i) s = ended;
        }
        n_sources_ = n_kept;
    }

    void permit_each(const Followed& s, int first) {
        const int n_left = g_.max_lengths[s.source] - s.n_steps;
        for (int k = 0; k < s.n_live; k++)
            by_model_[k] = permit(g_.automaton, g_.V, log_probs(first + k), now_.states[first + k], g_.end_id, n_left,
                             g_.end_id >= 0 && s.n_steps < g_.min_lengths[s.source], sampling_scratch_);
    }

    // Select the next hypotheses of a source, whose rows begin at `first`.
    void choose_of(Followed& s, int first) {
        const bool root = s.n_steps == 0;  // shared by all groups
        int begin = 0;
        s.n_live = 0;
        if (g_.groups > 1 && g_.uniforms == nullptr) memset(n_chosen_, 0, count(g_.V) * sizeof(int));
        for (int group = 0; group < g_.groups; group++) {
            const int n = root ? 1 : s.live[group];
            const int n_chosen = g_.targets != nullptr    ? choose_given(s, first)
                                 : g_.uniforms != nullptr ? draw(s, first, begin, n, group)
                                                          : choose_best(s, first, begin, n, group);
            if (!root) begin += n;
            s.live[group] = 0;
            for (int i = 0; i < n_chosen; i++) {
                const Choice& c = choices_[i];
                if (g_.groups > 1) n_chosen_[c.symbol]++;
                if (c.symbol == g_.end_id || (g_.end_id < 0 && s.n_steps + 1 >= g_.max_lengths[s.source])) write_candidate(s, group * size_ + s.done[group]++, c);
                else follow(s, group, first, c);
            }
        }
    }

    int choose_best(const Followed& s, int first, int begin, int n, int group) {
        Best best{choices_, size_ - s.done[group], 0};
        for (int k = begin; k < begin + n; k++) {
            const float* log_p = log_probs(first + k);
            const double before = now_.totals[first + k];
            for (int v = 0; v < g_.V; v++) {
                const double total = before + log_p[v], worth = g_.groups > 1 ? total - g_.diversity * n_chosen_[v] : total;
                best.offer({worth, total, log_p[v], k, v});
            }
        }
        return best.n;
    }

    // The given target's next symbol.
    int choose_given(const Followed& s, int first) {
        const int symbol = g_.targets[static_cast<ptrdiff_t>(s.source) * g_.T + s.n_steps];
        const float log_p = log_probs(first)[symbol];
        choices_[0] = {0, now_.totals[first] + log_p, log_p, 0, symbol};
        return 1;
    }

    int draw(const Followed& s, int first, int k, int n, int group) {
        if (n == 0) return 0;
        const float* log_p = log_probs(first + k);
        const float u = g_.uniforms[(static_cast<ptrdiff_t>(s.source) * g_.T + s.n_steps) * g_.width + group];
        const int symbol = sample_symbol(g_.V, log_p, g_.temperature, g_.top_k, g_.top_p, u, sampling_scratch_);
        if (symbol < 0) return 0;
        choices_[0] = {0, now_.totals[first + k] + log_p[symbol], log_p[symbol], k, symbol};
        return 1;
    }

    void follow(Followed& s, int group, int first, const Choice& c) {
        nodes(s, s.n_steps)[s.n_live++] = {c.k, c.symbol, c.log_prob};
        s.live[group]++;
        const int row = n_rows_++, parent = first + c.k;
        then_.symbols[row] = c.symbol;
        then_.sources[row] = s.source;
        then_.totals[row] = c.total;
        then_.parents[row] = parent;
        then_.states[row] = g_.automaton == nullptr ? 0 : advance(*g_.automaton, now_.states[parent], c.symbol);
    }

    // Write hypothesis end.k of s, as of the previous step, with its last symbol.
    void write_candidate(const Followed& s, int slot, const Choice& end) {
        const ptrdiff_t place = static_cast<ptrdiff_t>(s.source) * g_.width + slot;
        g_.lengths[place] = s.n_steps + 1;
        g_.ended_by_model[place] = by_model_[end.k];
        Node node{end.k, end.symbol, end.log_prob};
        for (int t = s.n_steps;; t--) {
            g_.ids[place * g_.T + t] = node.symbol;
            g_.log_probs[place * g_.T + t] = node.log_prob;
            if (s.attention_weights != nullptr)
                memcpy(g_.attention_weights + (place * g_.T + t) * g_.S, weights_at(s, t, node.parent), count(g_.S) * sizeof(float));
            if (t == 0) return;
            node = nodes(s, t - 1)[node.parent];
        }
    }

    const Search& g_;
    const int size_;  // hypotheses a group
    const int max_sources_;  // sources at a time
    Block block_;
    Ensemble ensemble_;
    int next_source_, stride_;
    int n_sources_ = 0, n_rows_ = 0;
    Hypotheses now_{}, then_{};
    float* log_probs_ = nullptr;
    Choice* choices_ = nullptr;
    int* by_model_ = nullptr;   // whether the model itself would end each hypothesis
    int* n_chosen_ = nullptr;  // number of groups that have chosen each symbol at this step
    float* sampling_scratch_ = nullptr;
    Span* spans_ = nullptr;
    Followed* sources_ = nullptr;
};

// The weights of all members, in a workspace of this thread.
const Weights* weights_of_members(const Search& g) {
    const size_t size = (static_cast<size_t>(g.n_members) * sizeof(Weights) + sizeof(float) - 1) / sizeof(float);
    Weights* weights = reinterpret_cast<Weights*>(workspace(Slot::packed, size));
    for (int m = 0; m < g.n_members; m++) weights[m] = weights_of(g.members[m]);
    return weights;
}

}  // namespace

void search(const Search& g) {
    if (g.B == 0 || g.width == 0) return;
    const double rows = static_cast<double>(g.B) * g.width;
    const Weights* weights = weights_of_members(g);
    const int shards = tasks_for(work_of_a_row(g) * rows * g.T, 1 << 17, g.B);
    parallel(shards, [&](int shard) { Shard(g, weights, shard, shards).run(); });
}

}  // namespace seqwright::SEQWRIGHT_ISA
