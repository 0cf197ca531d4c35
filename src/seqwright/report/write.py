"""Writing the report on a model directory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from seqwright import data_checks, evaluation, file_set, metrics
from seqwright.bundle import Bundle
from seqwright.data.readers import Pair
from seqwright.errors import OutputError
from seqwright.inference import translator
from seqwright.report import (
    auxiliary,
    candidates,
    examples,
    history,
    learning,
    mistakes,
    origin,
    page,
    scores,
    sentences,
    validation,
)
from seqwright.report.items import Item, items
from seqwright.report.markup import element
from seqwright.report.recovery import Recovered, recover

__all__ = ["write"]

MOST_SOURCES = 1000  # maximum number of sources to evaluate on
N_BEST = 5


def write(
    directory: str | Path,
    *,
    model: translator.Translator | None = None,
    dev: Iterable[Pair] | None = None,
    folds: Sequence[tuple[translator.Translator, Sequence[Pair]]] = (),
    output: str | Path | None = None,
) -> Path:
    """Write an HTML report on the model in a directory.

    Parameters
    ----------
    directory : str or Path
        Model directory.
    model : Translator, optional
        The model in the directory, if it is already loaded.
    dev : iterable of Pair, optional
        Pairs to evaluate on; by default the dev set of the training, at most 1,000 of its sources.
    folds : sequence of (Translator, sequence of Pair), optional
        The models of a cross-validation, and the pairs that each of them has not seen: their answers are shown.
    output : str or Path, optional
        File to write; by default ``report.html`` in the directory.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ModelError
        If the directory has no model.
    DataError
        If ``dev`` has no pairs.
    OutputError
        If the file cannot be written.

    Notes
    -----
    Sections whose data is missing or has changed are omitted, with a note. The same model and data give the same
    bytes.
    """
    directory = Path(directory)
    model = model or translator.load(directory)
    found = recover(model.bundle, directory, needs_dev=dev is None)
    result, loss = None, None
    if dev is not None or found.dev:
        measured = chosen(found.dev if dev is None else list(dev))
        result = evaluation.evaluate(model, measured, beam=N_BEST, n_best=N_BEST, lexicon=False)
        if result.sentences is not None:
            loss = evaluation.reference_loss(model, measured)
    of_folds: list[Item] = []
    for without, unseen in folds:
        answered = evaluation.evaluate(without, unseen, beam=N_BEST, n_best=N_BEST, lexicon=False).answered
        of_folds += items(answered, without.bundle)  # with the symbol counts of the pairs that this model has seen
    path = Path(output) if output is not None else directory / "report.html"
    _write(path, composed(directory, model, result, found, loss, of_folds))
    return path


def chosen(dev: Sequence[Pair]) -> list[Pair]:
    """Return the pairs of at most MOST_SOURCES sources, evenly spaced."""
    sources, _ = metrics.group_references(dev)
    step = -(-len(sources) // MOST_SOURCES) or 1
    kept = set(sources[::step])
    return [pair for pair in dev if (pair.source, pair.features) in kept]


def composed(
    directory: Path,
    model: translator.Translator,
    result: evaluation.Evaluation | None,
    found: Recovered,
    loss: float | None,
    of_folds: Sequence[Item],
) -> str:
    """Return the page.   loss: of the references, for sentences.   of_folds: answers in a cross-validation."""
    bundle = model.bundle
    sections = [learning.learning(history.measurements(directory / "metrics.jsonl"))]
    figures = []
    if result is not None and result.sentences is not None:
        figures = sentences.headline(result.scores, result.sentences, loss)
        sections += sentences.sections(items(result.answered, bundle))
    elif result is not None:
        answered = items(result.answered, bundle)
        figures = headline(result.scores, answered)
        sections += of_strings(answered, bundle)
    elif "cross_validation" in bundle.manifest:
        figures = [*validation.headline(bundle)]
        sections = [validation.section(bundle, has_answers=bool(of_folds))]
        sections += of_strings(of_folds, bundle) if of_folds else []
    elif found.dev_missing:
        text = f"Not evaluated: {found.dev_missing}. seqwright report MODEL FILE evaluates on the pairs of a file."
        sections.append(page.section("figures", "Figures", element("p", text)))
    if "candidates" in bundle.manifest:
        sections.append(candidates.section(bundle))
    if "auxiliary" in bundle.manifest:
        sections.append(auxiliary.section(bundle))
    if found.splits:
        sections.append(
            origin.data_troubles(
                data_checks.check(found.splits, config=bundle.config.text, n_training=found.n_training)
            )
        )
    if found.missing:
        text = f"The training data was not checked: {found.missing}."
        sections.append(page.section("data", "Data", element("p", text)))
    sections.append(origin.making(bundle))
    n_pairs = bundle.manifest.get("n_pairs")
    lead = f"Trained on {n_pairs:,} pairs" if isinstance(n_pairs, int) else "A model"
    if result is not None:
        lead += f", evaluated on {result.scores.n:,} held-out sources"
    return page.document(directory.resolve().name, f"{lead}.", figures, sections)


def of_strings(answered: Sequence[Item], bundle: Bundle) -> list[page.Section]:
    """Return the sections on the answers of a model of strings."""
    return [
        scores.strengths(answered),
        mistakes.rewrites(answered, bundle.target),
        mistakes.confused(answered),
        examples.worst(answered, bundle.target),
        examples.uncertain(answered, bundle.target),
        *filter(None, [examples.attention(answered)]),
        scores.oracle(answered),
        scores.confidence(answered),
    ]


def headline(s: metrics.Scores, answered: Sequence[Item]) -> list[page.Figure]:
    """Return the headline figures."""
    n_able = sum(item.right_at is not None for item in answered)
    return [
        page.Figure(f"{s.exact:.1f}", "%", "exact match"),
        page.Figure(f"{s.ter:.2f}", "%", "token error rate (TER)"),
        page.Figure(f"{100 * n_able / s.n:.1f}", "%", f"{N_BEST}-best accuracy"),
        page.Figure(f"{s.errors:,}", f"of {s.n:,}", "wrong answers"),
    ]


def _write(path: Path, text: str) -> None:
    try:
        file_set.write(path, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise OutputError(f"{path}: cannot write the report: {error.strerror}; choose another --output") from None
