// Selection of next symbols by their log-probabilities: the best, or samples.
#pragma once

#include "layers.hpp"

namespace seqwright::SEQWRIGHT_ISA {

struct Choice {
    double worth, total;  // worth: what is compared; total: sum of log-probabilities
    float log_prob;
    int k, symbol;  // k: index of the hypothesis
};

// The best choices offered, at most `capacity`, best first; ties by order of arrival. NaN ranks above any number, and a
// log-probability of -inf is ignored.
struct Best {
    Choice* at;
    int capacity, n;

    static bool better(double a, double b) { return a > b || (a != a && b == b); }

    void offer(const Choice& choice) {
        if (n == capacity && !(capacity > 0 && better(choice.worth, at[n - 1].worth))) return;
        if (choice.log_prob == -INFINITY || choice.worth == -INFINITY) return;
        int place = n < capacity ? n++ : n - 1;
        for (; place > 0 && better(choice.worth, at[place - 1].worth); place--) at[place] = at[place - 1];
        at[place] = choice;
    }
};

// The symbol at quantile u in [0, 1) of the `truncated_probs` of search/sample.py; -1 if all of log_p (V,) is
// -inf. scratch: sampling_scratch_size(V) floats.
int sample_symbol(int V, const float* log_p, float temperature, int top_k, double top_p, double u, float* scratch);
size_t sampling_scratch_size(int V);

}  // namespace seqwright::SEQWRIGHT_ISA
