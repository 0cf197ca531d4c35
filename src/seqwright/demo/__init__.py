"""Demos: training small models on data from installed packages, without downloads."""

from seqwright.demo.demos import DEMOS, Demo, run

__all__ = ["DEMOS", "Demo", "run"]
