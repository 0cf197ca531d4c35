"""Models to see being made, from data that comes with an installed package: nothing to download by hand."""

from seqwright.demo.demos import DEMOS, Demo, run

__all__ = ["DEMOS", "Demo", "run"]
