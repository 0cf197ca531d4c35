// One step of a search in all members of an ensemble: the `ensemble` of search/ensemble.py.
//
//   log p = log mean exp (log p of the members)      looks = mean of the members' looks
//
// Members are added one after the other, as top + log Σ exp(log p - top) with the greatest so far as the top, so that two
// buffers serve any number of them and what none of them can hold as a number keeps its logarithm.
//
// What the hypotheses of a source look at is never copied: they are the steps of one `attend`.
//
// Five networks of D 64, H 256 with bilinear attention over Bulgarian words, beam 5, one thread, seconds of the processor on a
// loaded machine: 128 words 0.22 s, by steps in Python 0.69 s; one word 4.5 ms and 24 ms. Held to a list of 100,000 targets:
// 128 words 0.20 s and 0.80 s.
#include "ensemble.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr float kNothing = -1e30f;  // stands for -inf: the difference of two of them is 0

size_t count(int n) { return static_cast<size_t>(n); }
size_t keys_size(const Decoder& d) { return has_keys(d) ? Scratch::rounded(count(d.S) * count(d.H)) : 0; }
size_t state_size(const Decoder& d, int rows) { return Scratch::rounded(count(d.n_layers) * count(rows) * count(d.H)); }
Memory memory_of(const Decoder& d, int b) { return {d.memory + static_cast<ptrdiff_t>(b) * d.M, static_cast<ptrdiff_t>(d.B) * d.M, d.M}; }

bool copies(const Search& g) {
    for (int m = 0; m < g.n_members; m++)
        if (g.members[m].copy_map != nullptr) return true;
    return false;
}

size_t widest_room(const Search& g, int rows) {
    size_t widest = 0;
    for (int m = 0; m < g.n_members; m++) {
        const size_t size = room_size(g.members[m], rows);
        widest = size > widest ? size : widest;
    }
    return widest;
}

}  // namespace

double work_of_a_row(const Search& g) {
    double work = 0;
    for (int m = 0; m < g.n_members; m++) work += work_of_a_row(g.members[m]);
    return work;
}

size_t Ensemble::slab_size(const Search& g) {
    size_t size = 0;
    for (int m = 0; m < g.n_members; m++) size += keys_size(g.members[m]);
    return size;
}

size_t Ensemble::size(const Search& g, int sources) {
    const int rows = sources * g.width;
    size_t size = Scratch::rounded(count(g.n_members) * sizeof(Member) / sizeof(float)) + Scratch::rounded(count(rows)) +
                  widest_room(g, rows) + Scratch::rounded(count(g.width) * count(g.S)) + Scratch::rounded(count(g.S)) + count(sources) * slab_size(g);
    if (g.n_members > 1) size += 2 * Scratch::rounded(count(rows) * count(g.V));
    if (copies(g)) size += Scratch::rounded(count(rows) * count(g.S)) + Scratch::rounded(mixing_size(g.V, g.S));
    for (int m = 0; m < g.n_members; m++) size += 4 * state_size(g.members[m], rows);
    return size;
}

Ensemble::Ensemble(const Search& g, const Weights* weights, int sources, Scratch& scratch)
    : g_(g), weights_(weights), looks_(true), top_(nullptr), sum_(nullptr), looked_(nullptr), mixing_(nullptr), most_rows_(sources * g.width) {
    members_ = reinterpret_cast<Member*>(scratch.take(count(g.n_members) * sizeof(Member) / sizeof(float)));
    for (int m = 0; m < g.n_members; m++) {
        const Decoder& d = g.members[m];
        const size_t state = state_size(d, most_rows_);
        members_[m] = {scratch.take(state), scratch.take(state), scratch.take(state), scratch.take(state),
                       static_cast<ptrdiff_t>(most_rows_) * d.H, scratch.take(count(sources) * keys_size(d))};
        looks_ = looks_ && d.score != nullptr;
    }
    rows_ = reinterpret_cast<int*>(scratch.take(count(most_rows_)));
    for (int r = 0; r < most_rows_; r++) rows_[r] = r;
    room_ = scratch.take(widest_room(g, most_rows_));
    look_ = scratch.take(count(g.width) * count(g.S));
    bias_ = scratch.take(count(g.S));
    if (g.n_members > 1) {
        top_ = scratch.take(count(most_rows_) * count(g.V));
        sum_ = scratch.take(count(most_rows_) * count(g.V));
    }
    if (copies(g)) {
        looked_ = scratch.take(count(most_rows_) * count(g.S));
        mixing_ = scratch.take(mixing_size(g.V, g.S));
        memset(mixing_, 0, count(g.V) * sizeof(float));
    }
}

void Ensemble::begin(int source, int slab, int row) {
    for (int m = 0; m < g_.n_members; m++) {
        const Decoder& d = g_.members[m];
        const Member& member = members_[m];
        for (int l = 0; l < d.n_layers; l++) {
            const ptrdiff_t to = l * member.stride + static_cast<ptrdiff_t>(row) * d.H;
            const ptrdiff_t from = (static_cast<ptrdiff_t>(l) * d.B + source) * d.H;
            memcpy(member.h + to, d.h + from, count(d.H) * sizeof(float));
            memcpy(member.c + to, d.c + from, count(d.H) * sizeof(float));
        }
        if (!has_keys(d)) continue;
        float* keys = member.keys + static_cast<ptrdiff_t>(slab) * static_cast<ptrdiff_t>(keys_size(d));
        make_keys(d, weights_[m], memory_of(d, source), larger(0, smaller(d.memory_lengths[source], d.S)), keys,
                  workspace(Slot::panel, keys_room(d)));
    }
}

float* Ensemble::step(int rows, const int* symbols, const int* sources, const Span* spans, int n_spans) {
    float* log_probs = nullptr;
    for (int m = 0; m < g_.n_members; m++) {
        const Decoder& d = g_.members[m];
        const Weights& w = weights_[m];
        const Member& member = members_[m];
        const DecoderRoom room = room_for(d, most_rows_, room_);
        run_layers(d, w, rows, symbols, sources, rows_, member.h, member.c, member.stride, room);
        if (d.score != nullptr) {
            look(d, member, m == 0, rows, spans, n_spans, room);
            combine_context(d, w, rows, room);
        }
        score_symbols(d, w, rows, sources, room);
        for (int r = 0; r < rows; r++) {
            float* s = room.scores + static_cast<ptrdiff_t>(r) * d.V;
            for (int i = 0; i < g_.n_forbidden; i++) s[g_.forbidden[i]] = -INFINITY;
            const Softmax z = softmax_sums(d.V, s, 1.0f, nullptr);
            const Vec top = set(z.top), log_total = set(z.log_total);
            for (int v = 0; v < d.V; v += kLanes) give(s + v, (take(s + v, d.V - v) - top) - log_total, d.V - v);
            if (d.copy_map == nullptr) continue;
            mix_copies(d.V, d.S, looked_ + static_cast<ptrdiff_t>(r) * d.S, gate_of(d, room.x + static_cast<ptrdiff_t>(r) * d.H, sources[r]),
                       d.copy_map + sources[r], d.B, s, mixing_);
        }
        log_probs = room.scores;
        if (g_.n_members > 1) add(log_probs, count(rows) * count(d.V), m == 0);
    }
    if (g_.n_members == 1) return log_probs;
    finish(count(rows) * count(g_.V));
    if (looks_)
        for (int i = 0; i < n_spans; i++)
            for (size_t j = 0, n = spans[i].looks == nullptr ? 0 : count(spans[i].n) * count(g_.S); j < n; j++)
                spans[i].looks[j] /= static_cast<float>(g_.n_members);
    return top_;
}

// room.sums = [context, h] of each row.
void Ensemble::look(const Decoder& d, const Member& member, bool first, int rows, const Span* spans, int n_spans, const DecoderRoom& room) {
    const ptrdiff_t wide = d.M + d.H;
    const float* q = queries(d, weights_[&d - g_.members], rows, room);
    ptrdiff_t row = 0;
    for (int i = 0; i < n_spans; row += spans[i++].n) {
        const Span& s = spans[i];
        const Memory values = memory_of(d, s.source);
        const Memory keys{member.keys + static_cast<ptrdiff_t>(s.slab) * static_cast<ptrdiff_t>(keys_size(d)), d.H, d.H};
        const bool here = first && looks_ && s.looks != nullptr;
        float* weights = d.copy_map != nullptr ? looked_ + row * d.S : here ? s.looks : look_;
        attend(score_of(d), s.n, d.S, q + row * d.H, d.H, has_keys(d) ? keys : values, d.v, values, d.memory_lengths[s.source],
               bias_of_step(d, s.step, bias_), 0, weights, d.S,
               room.sums + row * wide, wide);
        if (weights == s.looks || !looks_ || s.looks == nullptr) continue;
        if (here) memcpy(s.looks, weights, count(s.n) * count(d.S) * sizeof(float));
        else for (size_t j = 0; j < count(s.n) * count(d.S); j++) s.looks[j] += weights[j];
    }
    for (ptrdiff_t r = 0; r < rows; r++) memcpy(room.sums + r * wide + d.M, room.x + r * d.H, count(d.H) * sizeof(float));
}

void Ensemble::add(const float* log_probs, size_t n, bool first) {
    for (size_t i = 0; i < n; i += kLanes) {
        const int lanes = lanes_left(n, i);
        const Vec x = max(set(kNothing), take(log_probs + i, lanes));  // NaN is the second operand, and stays
        if (first) {
            give(top_ + i, x, lanes);
            give(sum_ + i, set(1.0f), lanes);
            continue;
        }
        const Vec before = take(top_ + i, lanes), top = max(before, x);
        give(sum_ + i, take(sum_ + i, lanes) * exp(before - top) + exp(x - top), lanes);
        give(top_ + i, top, lanes);
    }
}

void Ensemble::finish(size_t n) {
    for (size_t i = 0; i < n; i++)
        top_[i] = top_[i] <= kNothing ? -INFINITY
                                      : static_cast<float>(top_[i] + natural_log(sum_[i] / static_cast<float>(g_.n_members)));
}

void Ensemble::gather(int rows, const int* parents) {
    for (int m = 0; m < g_.n_members; m++) {
        const Decoder& d = g_.members[m];
        Member& member = members_[m];
        const size_t bytes = count(d.H) * sizeof(float);
        for (int l = 0; l < d.n_layers; l++)
            for (int r = 0; r < rows; r++) {
                const ptrdiff_t to = l * member.stride + static_cast<ptrdiff_t>(r) * d.H;
                const ptrdiff_t from = l * member.stride + static_cast<ptrdiff_t>(parents[r]) * d.H;
                memcpy(member.h_next + to, member.h + from, bytes);
                memcpy(member.c_next + to, member.c + from, bytes);
            }
        member = {member.h_next, member.c_next, member.h, member.c, member.stride, member.keys};
    }
}

}  // namespace seqwright::SEQWRIGHT_ISA
