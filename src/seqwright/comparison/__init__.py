"""Two models on the same test: which is better, by how much, and whether that is more than chance."""

from seqwright.comparison.run import Comparison, compare, compare_dev, compare_file

__all__ = ["Comparison", "compare", "compare_dev", "compare_file"]
