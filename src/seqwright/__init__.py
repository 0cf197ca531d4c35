"""seqwright turns a file of example pairs into a sequence-to-sequence model, and runs it anywhere.

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
    from seqwright.config import Config
    from seqwright.distillation import distill
    from seqwright.errors import SeqwrightError
    from seqwright.joining import join
    from seqwright.models import Decoder, Encoder, Seq2seq
    from seqwright.optim import SGD, Adam
    from seqwright.training import train
    from seqwright.translator import (
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
    from seqwright.tuning import tune

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Adam",
    "Answer",
    "BeamSearch",
    "Caps",
    "Config",
    "Decoder",
    "Encoder",
    "Hypothesis",
    "Options",
    "Sampling",
    "Scoring",
    "Seq2seq",
    "SeqwrightError",
    "Translator",
    "__version__",
    "distill",
    "join",
    "load",
    "train",
    "tune",
]

# Imported at first use, so that `import seqwright` costs nothing.
_HOMES = {
    "SGD": "seqwright.optim",
    "Adam": "seqwright.optim",
    "Answer": "seqwright.translator",
    "BeamSearch": "seqwright.translator",
    "Caps": "seqwright.translator",
    "Config": "seqwright.config",
    "Decoder": "seqwright.models",
    "Encoder": "seqwright.models",
    "Hypothesis": "seqwright.translator",
    "Options": "seqwright.translator",
    "Sampling": "seqwright.translator",
    "Scoring": "seqwright.translator",
    "Seq2seq": "seqwright.models",
    "SeqwrightError": "seqwright.errors",
    "Translator": "seqwright.translator",
    "distill": "seqwright.distillation",
    "join": "seqwright.joining",
    "load": "seqwright.translator",
    "train": "seqwright.training",
    "tune": "seqwright.tuning",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'seqwright' has no attribute {name!r}")
    value = globals()[name] = getattr(importlib.import_module(_HOMES[name]), name)
    return value


def __dir__() -> list[str]:
    return __all__
