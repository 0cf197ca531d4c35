"""A model in another form, for another use or another runtime: one module or package for each form."""

from seqwright.exporters.html.export import export_html
from seqwright.exporters.int8 import Exported, export
from seqwright.exporters.onnx.export import OnnxExport, export_onnx

__all__ = ["Exported", "OnnxExport", "export", "export_html", "export_onnx"]
