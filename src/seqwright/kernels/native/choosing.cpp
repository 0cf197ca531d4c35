// Sampling of a symbol; specified by `truncated_probs` and `sample_symbol` in search/sample.py.
//
//   p = exp((log p - max log p) / temperature), truncated; the first j with Σ p[..j] > u Σ p
//
// Exponentials are float32 and sums float64, in the order of the symbols. The k most probable symbols are popped off a heap:
// V + k log V comparisons.
#include "choosing.hpp"

namespace seqwright::SEQWRIGHT_ISA {
namespace {

struct Heap {  // of symbols; the most probable on top, ties by the lower id
    const float* p;
    int* symbols;
    int n;

    bool above(int a, int b) const { return p[a] > p[b] || (p[a] == p[b] && a < b); }
    void sink(int place) {
        for (;;) {
            int top = place;
            for (int child = 2 * place + 1; child <= 2 * place + 2; child++)
                if (child < n && above(symbols[child], symbols[top])) top = child;
            if (top == place) return;
            const int moved = symbols[place];
            symbols[place] = symbols[top];
            symbols[top] = moved;
            place = top;
        }
    }
    int pop() {
        const int best = symbols[0];
        symbols[0] = symbols[--n];
        sink(0);
        return best;
    }
};

// Write the most probable symbols of p to `kept`, and 0 for the others.
void truncate(int V, const float* p, int top_k, double top_p, float* kept, int* symbols) {
    double total = 0, before = 0;  // before: total probability of the symbols ranked higher
    for (int v = 0; v < V; v++) {
        total += p[v];
        kept[v] = 0;
        symbols[v] = v;
    }
    Heap heap{p, symbols, V};
    for (int place = V / 2 - 1; place >= 0; place--) heap.sink(place);
    for (int n = 0; heap.n > 0 && (n == 0 || before < top_p * total) && (top_k == 0 || n < top_k); n++) {
        const int v = heap.pop();
        kept[v] = p[v];
        before += p[v];
    }
}

}  // namespace

size_t sampling_scratch_size(int V) { return 3 * static_cast<size_t>(V); }

int sample_symbol(int V, const float* log_p, float temperature, int top_k, double top_p, double u, float* scratch) {
    float* p = scratch;
    const float sharpness = static_cast<float>(fmin(1.0 / static_cast<double>(temperature), 1e30));  // inf · 0 is NaN
    const Softmax z = softmax_sums(V, log_p, sharpness, p);
    if (z.top == -INFINITY) return -1;
    if ((top_k > 0 && top_k < V) || top_p < 1) {
        float* kept = scratch + V;
        truncate(V, p, top_k, top_p, kept, reinterpret_cast<int*>(scratch + 2 * static_cast<ptrdiff_t>(V)));
        p = kept;
    }
    double total = 0, cumulative = 0;
    for (int v = 0; v < V; v++) total += p[v];
    int last = -1;  // returned if u · total is rounded up to total
    for (int v = 0; v < V; v++) {
        cumulative += p[v];
        if (p[v] == 0) continue;
        last = v;
        if (!(cumulative <= u * total)) break;
    }
    return last;
}

}  // namespace seqwright::SEQWRIGHT_ISA
