"""`report.html`: evaluation, error analysis and provenance of a model on one self-contained page.

The page has no scripts and loads no resources; text of the data is always escaped.
"""

from seqwright.report.write import write

__all__ = ["write"]
