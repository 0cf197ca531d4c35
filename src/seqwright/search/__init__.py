"""Search for the best targets of a batch of sources, over any `Step`: greedy and beam.

Neither knows what a model is: a table, a network and an ensemble of networks are searched alike.
"""

from seqwright.search.beam import beam
from seqwright.search.candidate import Candidate
from seqwright.search.ensemble import ensemble
from seqwright.search.greedy import greedy
from seqwright.search.step import State, Step

__all__ = ["Candidate", "State", "Step", "beam", "ensemble", "greedy"]
