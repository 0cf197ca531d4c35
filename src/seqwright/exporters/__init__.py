"""A model in another form, for another use or another runtime: one module or package for each form."""

from seqwright.exporters.html.export import export_html
from seqwright.exporters.int8 import Exported, export

__all__ = ["Exported", "export", "export_html"]
