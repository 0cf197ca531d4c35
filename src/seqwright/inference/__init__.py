"""Inference: from source text to answers.

`translator` is the public class. A `Predictor` reads the sources (`reading`), finds known answers (`known_answers`),
searches the rest (`searcher`), turns candidates into text (`hypotheses`, `windows`, `copying`) and adds confidences
(`confidence`); `scoring` does the same for given targets. `options`, `modes` and `constraints` are the settings.
"""

from seqwright.inference.answer import Answer, Hypothesis
from seqwright.inference.options import Options

__all__ = ["Answer", "Hypothesis", "Options"]
