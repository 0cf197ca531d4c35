// Symbols allowed next in a target; specified by kernels/reference/constraint.py.
#pragma once

#include "kernels.hpp"

namespace seqwright::SEQWRIGHT_ISA {

// Whether id is the first of the best of log_p (V,); NaN ranks above any number, as in argmax.
bool is_argmax(int V, const float* log_p, int id);

// Set log_p (V,) of forbidden symbols to -inf; return whether the model itself would end here. kept (V,): scratch.
bool permit(const Automaton* automaton, int V, float* log_p, int state, int end_id, int n_left, bool too_short, float* kept);

// The state after one more symbol; the same state if no edge reads it.
int advance(const Automaton& automaton, int state, int symbol);

}  // namespace seqwright::SEQWRIGHT_ISA
