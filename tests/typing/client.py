"""A program of somebody else's, in types: checked by mypy and pyright, never run."""

from pathlib import Path

import seqwright


class Progress(seqwright.Callback):
    """Collect the accuracy of each measurement."""

    def __init__(self) -> None:
        self.accuracies: list[float] = []

    def on_epoch(self, measured: seqwright.Measured) -> None:
        self.accuracies.append(measured.dev_accuracy)


def train(file: Path, output: Path) -> list[str]:
    config = seqwright.Config(
        model=seqwright.ModelConfig(hidden_size=32),
        optim=seqwright.OptimConfig(clip_norm=1.0),
        training=seqwright.TrainingConfig(epochs=2),
        text=seqwright.TextConfig(target_tokens="words"),
    )
    progress = Progress()
    model: seqwright.Translator = seqwright.train(file, output=output, config=config, callbacks=[progress])
    hypotheses: list[list[seqwright.Hypothesis]] = model.predict(["tomato"], beam=5, n_best=3)
    best: seqwright.Hypothesis = hypotheses[0][0]
    score: float = best.score
    return [best.text, f"{score:.2f}", *best.tokens]


def measure(model: seqwright.Translator, other: seqwright.Translator, file: Path) -> float:
    result: seqwright.Evaluation = seqwright.evaluate_file(model, file)
    if result.sentences is not None:
        return result.sentences.chrf
    difference: seqwright.Comparison = seqwright.compare_file(model, other, file)
    return difference.a.ter - difference.b.ter


def failing(directory: str) -> seqwright.Translator | None:
    try:
        return seqwright.load(directory)
    except seqwright.ModelError as error:
        print(error)
    except seqwright.SeqwrightError as error:
        raise SystemExit(error.exit_code) from error
    return None


def inspect(file: Path) -> str:
    return seqwright.check_files([file]).verdict
