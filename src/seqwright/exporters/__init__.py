"""A model in another form, for another use or another runtime: one module for each form."""

from seqwright.exporters.int8 import Exported, export

__all__ = ["Exported", "export"]
