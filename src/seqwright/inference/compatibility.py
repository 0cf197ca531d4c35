"""Options that a model can or cannot follow."""

from __future__ import annotations

from seqwright.bundle import Bundle
from seqwright.errors import ConstraintError, UsageError
from seqwright.inference.options import Options, Unknown
from seqwright.search.automaton import Automaton

__all__ = ["check"]


def check(options: Options, bundle: Bundle, *, calibrated: bool) -> None:
    """Raise UsageError or ConstraintError for options that the model of a bundle cannot follow."""
    attention = bundle.config.model.attention != "none"
    if options.unknown == Unknown.COPY and not attention:
        raise UsageError("unknown = copy needs a model with attention, which aligns symbols; choose keep")
    if options.min_confidence and not calibrated:
        raise UsageError("min_confidence needs a model that was calibrated on dev data; train it again")
    if options.coverage_penalty and not attention:
        raise UsageError("coverage_penalty needs a model with attention, whose weights it sums")
    if options.constraint is not None:
        _check_constraint(options.constraint, options, len(bundle.target.vocabulary))


def _check_constraint(constraint: Automaton, options: Options, n_symbols: int) -> None:
    if constraint.n_symbols > n_symbols:
        raise UsageError("the constraint was made for another model; make it with this one's `constraint`")
    if options.unknown == Unknown.COPY:
        raise UsageError("unknown = copy may put symbols into an answer that the constraint forbids; choose keep")
    if constraint.min_length < (options.min_length or 0):
        raise UsageError(
            f"the constraint allows answers of {constraint.min_length} tokens, min_length is {options.min_length}; "
            f"give min_length to `constraint`, too"
        )
    if options.max_length is not None and constraint.min_length > options.max_length:
        raise ConstraintError(
            f"the constraints need {constraint.min_length} tokens, max_length is {options.max_length}"
        )
