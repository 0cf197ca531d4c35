"""Search for the targets of a batch of sources, over any `Step`: beam search, sampling, and targets that are
given. A beam of width 1 is greedy search.

None knows what a model is: a table, a network and an ensemble of networks are searched alike; `compiled` does the same
for networks, and faster; `run` chooses between the two. `automaton` builds the sets that targets may be taken from.
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
