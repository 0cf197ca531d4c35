"""Search over a batch of sources: beam search, sampling, and scoring of given targets.

`beam`, `sample` and `forced` are generic over `Step`: a table, a network or an ensemble. `compiled` has the same
searches in C++ for networks, and `run` selects one of the two. `automaton` builds sets of allowed targets. A beam of
width 1 is greedy search.
"""

from seqwright.search import compiled, run
from seqwright.search.automaton import Automaton
from seqwright.search.beam import beam
from seqwright.search.candidate import Candidate
from seqwright.search.ensemble import ensemble
from seqwright.search.forced import forced
from seqwright.search.ranking import Ranking
from seqwright.search.rules import Rules
from seqwright.search.sample import sample
from seqwright.search.step import State, Step

__all__ = [
    "Automaton",
    "Candidate",
    "Ranking",
    "Rules",
    "State",
    "Step",
    "beam",
    "compiled",
    "ensemble",
    "forced",
    "run",
    "sample",
]
