// Which symbols follow, by their log-probabilities: the best of all, or drawn ones.
#pragma once

#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Choice {
    double worth, total;  // what it is compared by; the sum of its log-probabilities
    float log_prob;
    int k, symbol;  // of which hypothesis
};

// The best of all that are offered, at most `room` of them, best first; of equals, the one that came first. A NaN is better
// than any number, and what has log-probability -inf is nothing.
struct Best {
    Choice* at;
    int room, n;

    static bool better(double a, double b) { return a > b || (a != a && b == b); }

    void offer(const Choice& choice) {
        if (n == room && !(room > 0 && better(choice.worth, at[n - 1].worth))) return;
        if (choice.log_prob == -INFINITY || choice.worth == -INFINITY) return;
        int place = n < room ? n++ : n - 1;
        for (; place > 0 && better(choice.worth, at[place - 1].worth); place--) at[place] = at[place - 1];
        at[place] = choice;
    }
};

// The symbol under u in [0, 1) in the cumulative distribution of the `chances` of search/sample.py; -1 where all
// of log_p (V,) is -inf. `scratch` is room for drawing_size(V) floats.
int drawn(int V, const float* log_p, float temperature, int top_k, double top_p, double u, float* scratch);
size_t drawing_size(int V);

}  // namespace seqwright::SEQWRIGHT_ISA
