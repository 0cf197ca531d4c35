"""Read pairs and lines from files; every fault names file, line and what to do.

`files` knows bytes and lines; `tsv`, `dictionary`, `jsonl`, `arrow` and `parallel` each know one way to write pairs;
`inputs` knows which of them is meant. What a token is, and any change to the text itself, belongs to `text`.
"""

from seqwright.data.readers.columns import Columns, Names, Pair
from seqwright.data.readers.files import BOM, display_name, read_lines, sha256
from seqwright.data.readers.inputs import Input, Pairs, Parallel, Paths, Reader, inputs, read_pairs
from seqwright.data.readers.memory import Rows

__all__ = [
    "BOM",
    "Columns",
    "Input",
    "Names",
    "Pair",
    "Pairs",
    "Parallel",
    "Paths",
    "Reader",
    "Rows",
    "display_name",
    "inputs",
    "read_lines",
    "read_pairs",
    "sha256",
]
