// What may come next in a target: the twin of kernels/reference/constraint.py.
#pragma once

#include "kernels.hpp"

namespace seqwright::SEQWRIGHT_ISA {

// Whether id is the first of the best of log_p (V,); a NaN is better than any number, as argmax has it.
bool is_argmax(int V, const float* log_p, int id);

// Forbid what may not come next, by -inf in log_p (V,); return whether an end is then the model's own. `kept` is room for V.
bool permit(const Automaton* automaton, int V, float* log_p, int state, int end_id, int n_left, bool too_short, float* kept);

// The state behind one more symbol; the same state where no edge reads it.
int advance(const Automaton& automaton, int state, int symbol);

}  // namespace seqwright::SEQWRIGHT_ISA
