"""Read pairs and lines from files; every fault names file, line and what to do.

`files` and `encodings` know bytes and lines; `tsv`, `delimited`, `dictionary`, `jsonl`, `arrow` and `parallel` each
know one way to write pairs; `detect` finds what a file means (its `schema`), by `formats`, `kinds`, `names` and
`roles`; `meaning` refuses options that a format has no use for; `inputs` puts them together. What a token is, and any
change to the text itself, belongs to `text`.
"""

from seqwright.data.readers.columns import STANDARD, Columns, Names, Pair
from seqwright.data.readers.files import BOM, display_name, read_lines, read_sources, sha256
from seqwright.data.readers.inputs import Input, Pairs, Parallel, Paths, Reader, inputs, read_pairs
from seqwright.data.readers.meaning import meaningful
from seqwright.data.readers.memory import Rows
from seqwright.data.readers.schema import (
    COMMENT_MARKS,
    DELIMITERS,
    OF_LINES,
    REMARK,
    Count,
    Format,
    Schema,
    describe,
    is_rare,
    warnings,
)

__all__ = [
    "BOM",
    "COMMENT_MARKS",
    "DELIMITERS",
    "OF_LINES",
    "REMARK",
    "STANDARD",
    "Columns",
    "Count",
    "Format",
    "Input",
    "Names",
    "Pair",
    "Pairs",
    "Parallel",
    "Paths",
    "Reader",
    "Rows",
    "Schema",
    "describe",
    "display_name",
    "inputs",
    "is_rare",
    "meaningful",
    "read_lines",
    "read_pairs",
    "read_sources",
    "sha256",
    "warnings",
]
