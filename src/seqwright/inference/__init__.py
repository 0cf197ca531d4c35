"""What stands between text and a search: how a source is read, what may be asked, and the record of an answer.

Nothing here loads or runs a model; `translator` does.
"""

from seqwright.inference.answer import Answer, Hypothesis
from seqwright.inference.options import Options

__all__ = ["Answer", "Hypothesis", "Options"]
