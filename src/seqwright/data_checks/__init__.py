"""Checks for problems in files of pairs before training.

Files are not modified, and findings are not errors of the program: each has a severity, its lines and advice.
"""

from seqwright.data_checks.run import check, check_files
from seqwright.data_checks.splits import Split

__all__ = ["Split", "check", "check_files"]
