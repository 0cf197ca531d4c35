"""`report.html`: what a model has learned and what it gets wrong, on one page that needs nothing but a browser.

The page has no script, loads nothing, and holds text from the data only as escaped text.
"""

from seqwright.report.write import write

__all__ = ["write"]
