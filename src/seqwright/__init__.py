"""Train sequence-to-sequence models on files of example pairs, and run them.

model = seqwright.train("words.tsv", output="model")      # or: seqwright.load("model")
model.predict(["tomato"], beam=5, n_best=3)

net = seqwright.Seq2seq(vocab_size=13, wordvec_size=16, hidden_size=128)
loss = net.forward(xs, ts)
net.backward()
seqwright.Adam().update(net.params, net.grads)
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seqwright.config import Config, ModelConfig, OptimConfig, TextConfig, TrainingConfig
    from seqwright.data_checks import check_files
    from seqwright.data_checks import check_files as check
    from seqwright.data_checks.findings import Inspection
    from seqwright.distillation import distill
    from seqwright.ensembling import join
    from seqwright.errors import (
        AmbiguityError,
        ConfigError,
        ConstraintError,
        DataError,
        DependencyError,
        ModelError,
        OutputError,
        SeqwrightError,
        TrainingError,
        UsageError,
    )
    from seqwright.evaluation import Comparison, Evaluation, compare, compare_file, evaluate, evaluate_file
    from seqwright.exporters import Exported, OnnxExport, export, export_html, export_onnx
    from seqwright.inference.translator import (
        Answer,
        BeamSearch,
        Caps,
        Hypothesis,
        Options,
        Sampling,
        Scoring,
        Translator,
        load,
    )
    from seqwright.models import Decoder, Encoder, Seq2seq
    from seqwright.optim import SGD, Adam
    from seqwright.training import train
    from seqwright.training.callbacks import Callback
    from seqwright.training.events import Finished, Measured, Progressed, Started
    from seqwright.tuning import tune

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "AmbiguityError",
    "Answer",
    "BeamSearch",
    "Callback",
    "Caps",
    "Comparison",
    "Config",
    "ConfigError",
    "ConstraintError",
    "DataError",
    "Decoder",
    "DependencyError",
    "Encoder",
    "Evaluation",
    "Exported",
    "Finished",
    "Hypothesis",
    "Inspection",
    "Measured",
    "ModelConfig",
    "ModelError",
    "OnnxExport",
    "OptimConfig",
    "Options",
    "OutputError",
    "Progressed",
    "Sampling",
    "Scoring",
    "Seq2seq",
    "SeqwrightError",
    "Started",
    "TextConfig",
    "TrainingConfig",
    "TrainingError",
    "Translator",
    "UsageError",
    "__version__",
    "check",
    "check_files",
    "compare",
    "compare_file",
    "distill",
    "evaluate",
    "evaluate_file",
    "export",
    "export_html",
    "export_onnx",
    "join",
    "load",
    "train",
    "tune",
]

# Imported at first use, so that `import seqwright` costs nothing.
_HOMES = {
    "SGD": "seqwright.optim",
    "Adam": "seqwright.optim",
    "AmbiguityError": "seqwright.errors",
    "Answer": "seqwright.inference.translator",
    "BeamSearch": "seqwright.inference.translator",
    "Callback": "seqwright.training.callbacks",
    "Caps": "seqwright.inference.translator",
    "Comparison": "seqwright.evaluation",
    "Config": "seqwright.config",
    "ConfigError": "seqwright.errors",
    "ConstraintError": "seqwright.errors",
    "DataError": "seqwright.errors",
    "Decoder": "seqwright.models",
    "DependencyError": "seqwright.errors",
    "Encoder": "seqwright.models",
    "Evaluation": "seqwright.evaluation",
    "Exported": "seqwright.exporters",
    "Finished": "seqwright.training.events",
    "Hypothesis": "seqwright.inference.translator",
    "Inspection": "seqwright.data_checks.findings",
    "Measured": "seqwright.training.events",
    "ModelConfig": "seqwright.config",
    "ModelError": "seqwright.errors",
    "OnnxExport": "seqwright.exporters",
    "OptimConfig": "seqwright.config",
    "Options": "seqwright.inference.translator",
    "OutputError": "seqwright.errors",
    "Progressed": "seqwright.training.events",
    "Sampling": "seqwright.inference.translator",
    "Scoring": "seqwright.inference.translator",
    "Seq2seq": "seqwright.models",
    "SeqwrightError": "seqwright.errors",
    "Started": "seqwright.training.events",
    "TextConfig": "seqwright.config",
    "TrainingConfig": "seqwright.config",
    "TrainingError": "seqwright.errors",
    "Translator": "seqwright.inference.translator",
    "UsageError": "seqwright.errors",
    "check": "seqwright.data_checks",
    "check_files": "seqwright.data_checks",
    "compare": "seqwright.evaluation",
    "compare_file": "seqwright.evaluation",
    "distill": "seqwright.distillation",
    "evaluate": "seqwright.evaluation",
    "evaluate_file": "seqwright.evaluation",
    "export": "seqwright.exporters",
    "export_html": "seqwright.exporters",
    "export_onnx": "seqwright.exporters",
    "join": "seqwright.ensembling",
    "load": "seqwright.inference.translator",
    "train": "seqwright.training",
    "tune": "seqwright.tuning",
}


_NAMES_THERE = {"check": "check_files"}  # where it differs from the name here


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seqwright' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), _NAMES_THERE.get(name, name))
    return value


def __dir__() -> list[str]:
    return __all__
