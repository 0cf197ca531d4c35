"""Search for the targets of a batch of sources, over any `Step`: greedy, beam, sampling, and targets that are given.

None knows what a model is: a table, a network and an ensemble of networks are searched alike. A `Constraint` says which
targets may be found at all; `automaton` builds them.
"""

from seqwright.search.beam import beam
from seqwright.search.candidate import Candidate
from seqwright.search.constraint import Constraint
from seqwright.search.ensemble import ensemble
from seqwright.search.forced import forced
from seqwright.search.found import candidates
from seqwright.search.greedy import greedy
from seqwright.search.ranking import Ranking
from seqwright.search.sample import sample
from seqwright.search.step import State, Step

__all__ = [
    "Candidate",
    "Constraint",
    "Ranking",
    "State",
    "Step",
    "beam",
    "candidates",
    "ensemble",
    "forced",
    "greedy",
    "sample",
]
