"""What is wrong or remarkable with files of pairs, before a model is trained on them.

Nothing is changed and nothing is refused: every finding has a severity, its places and what to do.
"""

from seqwright.data_checks.run import check, check_files
from seqwright.data_checks.splits import Split

__all__ = ["Split", "check", "check_files"]
