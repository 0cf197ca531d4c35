// Sets of targets as automata; specified by kernels/reference/constraint.py.
//
// Edges are read in place, so that a step costs as much as its state has edges, even for a list of a million targets. They
// are not validated beforehand: an edge out of range is skipped.
#include "constraint.hpp"

#include <math.h>

#include "simd.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

constexpr float kFloor = -1e4f;
constexpr int kFar = INT32_MAX;

struct Edges {
    int64_t begin, end;
};

Edges edges_of(const Automaton& a, int state) {
    const int64_t begin = a.first[state], end = a.first[state + 1];
    return begin < 0 || begin > end || end > a.E ? Edges{0, 0} : Edges{begin, end};
}

// f(symbol, minimum number of symbols after it) for each edge.
template <typename F>
void each(const Automaton& a, int V, Edges edges, const F& f) {
    for (int64_t e = edges.begin; e < edges.end; e++) {
        const int symbol = a.symbols[e], target = a.targets[e];
        if (symbol >= 0 && symbol < V && target >= 0 && target < a.N) f(symbol, a.distances[target]);
    }
}

float raised(float log_p) { return log_p < kFloor ? kFloor : log_p; }

void forbid_all(int V, float* log_p) {
    for (int v = 0; v < V; v++) log_p[v] = -INFINITY;
}

bool permit_lengths(int V, float* log_p, int end_id, bool full, bool too_short) {
    const bool by_model = !full || is_argmax(V, log_p, end_id);
    if (full) {
        const float kept = log_p[end_id];
        forbid_all(V, log_p);
        log_p[end_id] = kept;
    } else if (too_short) {
        log_p[end_id] = -INFINITY;
    }
    return by_model;
}

}  // namespace

bool is_argmax(int V, const float* log_p, int id) {
    const auto better = [](float a, float b) { return a > b || (a != a && b == b); };
    for (int v = 0; v < V; v++)
        if (better(log_p[v], log_p[id]) || (v < id && !better(log_p[id], log_p[v]))) return false;
    return true;
}

bool permit(const Automaton* automaton, int V, float* log_p, int state, int end_id, int n_left, bool too_short, float* kept) {
    const bool full = n_left <= 0;
    if (automaton == nullptr) return permit_lengths(V, log_p, end_id, full, too_short);
    const Edges edges = edges_of(*automaton, state);
    bool by_model = true;
    if (full) {
        bool further = false, better = true;  // than all other allowed symbols
        each(*automaton, V, edges, [&](int symbol, int ahead) {
            if (ahead == kFar) return;
            further = true;
            better = better && log_p[end_id] > log_p[symbol];
        });
        by_model = !further || better;
    }
    const auto in_time = [&](int ahead) { return !full && ahead < n_left; };  // the maximum length holds whatever the distances are
    int n = 0;
    each(*automaton, V, edges, [&](int symbol, int ahead) {
        if (in_time(ahead) && n < V) kept[n++] = raised(log_p[symbol]);
    });
    const float end = raised(log_p[end_id]);
    forbid_all(V, log_p);
    int i = 0;
    each(*automaton, V, edges, [&](int symbol, int ahead) {
        if (in_time(ahead) && i < n) log_p[symbol] = kept[i++];
    });
    if (automaton->accepting[state]) log_p[end_id] = end;
    return by_model;
}

int advance(const Automaton& automaton, int state, int symbol) {
    Edges edges = edges_of(automaton, state);
    const int64_t last = edges.end;
    while (edges.begin < edges.end) {
        const int64_t middle = edges.begin + (edges.end - edges.begin) / 2;
        if (automaton.symbols[middle] < symbol) edges.begin = middle + 1;
        else edges.end = middle;
    }
    if (edges.begin == last || automaton.symbols[edges.begin] != symbol) return state;
    const int target = automaton.targets[edges.begin];
    return target >= 0 && target < automaton.N ? target : state;
}

}  // namespace seqwright::SEQWRIGHT_ISA
