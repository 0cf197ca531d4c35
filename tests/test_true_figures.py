"""Every figure that is shown is measured on the dev pairs, which no training pair has the source of.

Combinations of files, options and names are drawn at random. What training, report, export, join and evaluate show is
held against a computation of its own on the dev pairs, which are known here because the files are written here.
"""

import gzip
import hashlib
import json
import os
import re
import sys
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np
import pytest

from seqwright import (
    bundle,
    config,
    distillation,
    ensembling,
    errors,
    evaluation,
    exporters,
    provenance,
    report,
    training,
)
from seqwright.data.readers import Pair, Parallel
from seqwright.inference import Options, translator
from seqwright.training import setup as training_setup
from seqwright.training.events import Finished, Started

N = 28
TINY = ["model.hidden_size=4", "model.wordvec_size=2", "training.epochs=1", "training.batch_size=32",
        "training.cross_validation=0"]  # fmt: skip
NAMES = [
    "a",
    "b, c",
    "held out of a",
    "a.tsv, b",
    "mit Leerzeichen",
    "日本語 é",
    "'quoted\" $HOME",
    "[ab]*",
    "-dash",
    "x,y,z",
]
if os.name == "posix":
    NAMES += ["two\nlines", "tab\there"]
LONG = 60  # tokens of a pair that is left out where at most 48 are allowed


@dataclass
class Case:
    """One combination, with the files written."""

    files: list[list[Pair]]
    paths: list[Path | Parallel]
    dev: list[Pair] | None = None
    dev_paths: list[Path | Parallel] = field(default_factory=list)
    base: list[Pair] | None = None
    settings: list[str] = field(default_factory=list)
    share: float = 0.1
    seed: int = 1
    limit: int = 2000
    most: int = 65_536
    longest: int | None = None
    has_features: bool = False


def word(rng, letters="abcdeé", least=1, most=6):
    return "".join(rng.choice(list(letters), rng.integers(least, most + 1)))


def drawn_pairs(rng, n, *, has_features):
    """Return pairs with targets that no source tells, some of one source, some too long."""
    pairs = []
    for _ in range(n):
        features = str(rng.choice(["A;B", "B", "C;D"])) if has_features else ""
        pairs.append(Pair(word(rng), word(rng, "tu", most=2), features))
    if rng.random() < 0.5:
        pairs.append(Pair("abc", "t" * LONG, "B" if has_features else ""))
    return pairs


def written(folder, rng, name, pairs, *, has_features):
    """Write the pairs in one of the formats; return what names the file."""
    formats = ["tsv", "jsonl", "gz"] + ([] if has_features else ["parallel"])
    rows = [pair[: 3 if has_features else 2] for pair in pairs]
    lines = in_columns(pairs, has_features).encode()
    kind = rng.choice(formats)
    if kind == "parallel":
        paths = folder / f"{name}.src", folder / f"{name}.tgt"
        for path, i in zip(paths, (0, 1), strict=True):
            path.write_bytes("".join(f"{row[i]}\n" for row in rows).encode())
        return Parallel(*map(str, paths))
    path = folder / f"{name}.{'tsv.gz' if kind == 'gz' else kind}"
    if kind == "jsonl":
        keys = ("source", "target", "features")
        lines = "".join(json.dumps(dict(zip(keys, row, strict=False))) + "\n" for row in rows).encode()
    path.write_bytes(gzip.compress(lines) if kind == "gz" else lines)
    return path


def in_columns(pairs, has_features):
    return "".join("\t".join(pair[: 3 if has_features else 2]) + "\n" for pair in pairs)


def drawn(folder, number):
    rng = np.random.default_rng(number)
    has_features = rng.random() < 0.4
    names = iter(rng.permutation(NAMES))
    sizes = rng.integers(6, 40, rng.integers(1, 5))
    files = [drawn_pairs(rng, n, has_features=has_features) for n in sizes]
    paths = [written(folder, rng, next(names), pairs, has_features=has_features) for pairs in files]
    case = Case(files, paths, has_features=has_features)
    if rng.random() < 0.4:
        fresh = [Pair(word(rng) + "e" * 7, word(rng, "tu", most=2), pair.features) for pair in files[0][:20]]
        case.dev = drawn_pairs(rng, 5, has_features=has_features) + fresh
        case.dev_paths = [written(folder, rng, next(names), case.dev, has_features=has_features)]
    if rng.random() < 0.4:
        lexicon = [pair for pairs in files for pair in pairs[:3]] + [Pair("zz", "yy", "")]
        path = folder / "my, lexicon.tsv"
        path.write_text(in_columns(lexicon, has_features), encoding="utf-8")
        case.settings.append(f"training.lexicon={json.dumps(str(path))}")
    if rng.random() < 0.5:
        case.share, case.seed = float(rng.choice([0.01, 0.3, 0.9])), int(rng.integers(5))
    case.limit = int(rng.choice([3, 7, 2000]))
    case.most = int(rng.choice([48, 65_536]))
    case.settings += [
        f"training.dev_share={case.share}", f"training.dev_seed={case.seed}", f"training.dev_limit={case.limit}",
        f"training.max_batch_tokens={case.most}", f"training.members={rng.choice([1, 1, 2])}",
    ]  # fmt: skip
    if rng.random() < 0.4:
        case.longest = 10
        case.settings.append(f"training.max_pair_tokens={case.longest}")
    if rng.random() < 0.35:
        mixed = [pair for pairs in files for pair in pairs[::2]] + [Pair("ab", "tu", "")][has_features:]
        case.base = mixed
        (folder / "base, model.tsv").write_text(in_columns(mixed, has_features), encoding="utf-8")
    return case


def fits(case, pair):
    return len(pair.source) + len(pair.target) < (case.most if case.most < LONG else 10_000)


def usual(case, pairs):
    """Return the pairs that are no outliers."""
    if case.longest is None:
        return pairs
    return [
        pair
        for pair in pairs
        if len(pair.source) + len(pair.target) + len(pair.features.replace(";", "")) + 3 <= case.longest
    ]


def split(pairs, share, seed):
    """Return (training, dev): held out are the sources whose hash is below the share."""
    key = hashlib.blake2b(b"%d" % seed, digest_size=16).digest()
    hashes = {
        pair.source: hashlib.blake2b(
            unicodedata.normalize("NFC", pair.source).encode(), digest_size=8, key=key
        ).digest()
        for pair in pairs
    }
    order = sorted(hashes, key=hashes.get)
    n = sum(int.from_bytes(hashes[source], "big") < int(share * 2**64) for source in order)
    held_out = set(order[: min(max(n, 1), len(order) - 1)])
    return [p for p in pairs if p.source not in held_out], [p for p in pairs if p.source in held_out]


def question(pair):
    return pair.source, pair.features


def true_dev(case):
    """Return the distinct questions to measure on with their right answers, and whether training has seen none."""
    pairs = [pair for some in case.files for pair in some if fits(case, pair)]
    if case.dev is None:
        learned, dev = (usual(case, some) for some in split(pairs, case.share, case.seed))
    else:
        learned, dev = usual(case, pairs), [pair for pair in case.dev if fits(case, pair)]
    seen = set(map(question, learned))
    if case.base is not None:
        seen |= set(map(question, split(case.base, 0.1, 1)[0]))
    unseen = [pair for pair in dev if question(pair) not in seen]
    groups = {}
    for pair in unseen or dev:
        groups.setdefault(question(pair), []).append(pair.target)
    step = -(-len(groups) // case.limit)
    return dict(list(groups.items())[::step]), bool(unseen)


def edits(one, other):
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row, before = [i], row
        for j, b in enumerate(other, 1):
            row.append(min(before[j] + 1, row[-1] + 1, before[j - 1] + (a != b)))
    return row[-1]


def true_scores(directory, dev, beam):
    """Return exact match and TER, in percent, of a model that answers one question at a time."""
    model = translator.load(directory)
    right = n_edits = n_tokens = 0
    for (source, features), answers in dev.items():
        given = [features] if model.bundle.config.text.features_column else None
        text = model.predict([source], features=given, options=Options(beam=beam, lexicon=False))[0][0].text
        right += text in answers
        distance, length = min(((edits(text, a), i) for i, a in enumerate(dict.fromkeys(answers))))
        n_edits, n_tokens = n_edits + distance, n_tokens + len(list(dict.fromkeys(answers))[length])
    return 100 * right / len(dev), 100 * n_edits / n_tokens


def shown_in(html):
    """Return exact match, TER and number of sources of the figures in a report, None where it has none."""
    found = {name: (value, unit) for name, value, unit in
             re.findall(r"<dt>([^<]*)</dt><dd>([^<]*)<span>([^<]*)</span>", html)}  # fmt: skip
    if "exact match" not in found:
        return None
    n = int(found["wrong answers"][1].removeprefix("of ").replace(",", ""))
    return float(found["exact match"][0]), float(found["token error rate (TER)"][0]), n


@pytest.mark.parametrize("number", range(N))
def test_every_figure_is_measured_on_the_dev_pairs(number, tmp_path, monkeypatch):
    case = drawn(tmp_path, number)
    prepared, events = [], []
    real = training_setup.prepare
    monkeypatch.setattr(training_setup, "prepare", lambda *a, **k: prepared.append(real(*a, **k)) or prepared[-1])

    def trained(name, paths, *settings, **options):
        chosen = config.parse({}, [*TINY, *settings])
        return training.train(paths, output=tmp_path / name, config=chosen, listen=events.append, **options)

    options = {"dev": case.dev_paths or None}
    if case.base is not None:
        trained("base", tmp_path / "base, model.tsv", "training.report=false")
        options["fine_tune"] = tmp_path / "base"
        events.clear()
    model = tmp_path / "the, model"
    trained(model.name, case.paths, *case.settings, **options)
    dev, is_unseen = true_dev(case)

    # The training itself: what it learned from, what it measured on, and its own figures.
    of = prepared[-1]
    learned = {
        tuple(of.source.vocabulary.decode(of.examples.source[first : last - 1]))
        for first, last in zip(of.examples.source_starts, of.examples.source_starts[1:], strict=False)
    }
    assert list(dev) == of.dev.texts
    assert (
        is_unseen == learned.isdisjoint((*one.features, *one.tokens) for one in of.dev.readings)
        or case.base is not None
    )
    [started] = [event for event in events if isinstance(event, Started)]
    [finished] = [event for event in events if isinstance(event, Finished)]
    assert started.n_dev == len(dev)
    assert finished.dev_accuracy == pytest.approx(true_scores(model, dev, 1)[0])

    # What is shown later.
    exact, ter = true_scores(model, dev, 5)
    found = provenance.dev_pairs(bundle.load(model), model)
    pages = [(model / "report.html").read_text("utf-8"), report.write(model).read_text("utf-8")]
    trained("other", case.paths, *case.settings, "training.seed=2", "training.report=false", **options)
    exported = exporters.export(model, output=tmp_path / "int8")
    joined = ensembling.join([model, tmp_path / "other"], output=tmp_path / "joined")
    if not is_unseen:
        assert found.missing
        assert [shown_in(page) for page in pages] == [None, None]
        assert (exported.scores, joined.together) == (None, None)
        return
    assert found.missing == ""
    assert dict.fromkeys(map(question, found.pairs)) == dict.fromkeys(dev)
    assert evaluation.evaluate_dev(translator.load(model), model).scores.exact == pytest.approx(exact)
    for page in pages:
        assert shown_in(page) == (float(f"{exact:.1f}"), float(f"{ter:.2f}"), len(dev))
    shown = [*exported.scores, *joined.alone, joined.together]
    models = translator.load(model), translator.load(tmp_path / "other")
    compared = evaluation.compare_dev(models, (model, tmp_path / "other"))
    assert [compared.a, compared.b] == joined.alone
    for scores, directory in zip(shown, [model, "int8", model, "other", "joined"], strict=True):
        expected = true_scores(tmp_path / directory, dev, 5)
        assert (scores.exact, scores.ter, scores.n) == (*map(pytest.approx, expected), len(dev))


TWO = "".join(f"{a}{b}c\t{b}\n" for a in "abcdef" for b in "abcdef")


@pytest.fixture
def two(tmp_path):
    """Return two files that share no source."""
    for name, letter in (("a.tsv", ""), ("b.tsv", "z")):
        text = "".join(f"{letter}{line}\n" for line in TWO.splitlines())
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / "a.tsv", tmp_path / "b.tsv"


def tiny(output, paths, *settings, **options):
    chosen = config.parse({}, [*TINY, "training.report=false", *settings])
    return training.train(paths, output=output, config=chosen, **options)


def figures(directory):
    return shown_in(report.write(directory).read_text("utf-8"))


def test_dev_pairs_that_training_has_seen_give_no_figure_later(two, tmp_path):
    events = []
    model = tiny(tmp_path / "model", two[0], dev=two[0], listen=events.append)
    assert events[0].dev_status == "seen"
    assert figures(tmp_path / "model") is None
    assert "every dev source is also a training source" in (tmp_path / "model" / "report.html").read_text("utf-8")
    assert "calibration" not in model.bundle.manifest


def test_a_model_fine_tuned_from_one_whose_data_is_gone_gives_no_figure_later(two, tmp_path):
    tiny(tmp_path / "base", two[0])
    two[0].unlink()
    tiny(tmp_path / "model", two[1], fine_tune=tmp_path / "base")
    assert figures(tmp_path / "model") is None
    assert "it was fine-tuned from could not be read" in (tmp_path / "model" / "report.html").read_text("utf-8")
    tiny(tmp_path / "next", two[1], fine_tune=tmp_path / "model")
    assert figures(tmp_path / "next") is None


def test_what_has_no_dev_pairs_refuses_to_measure(two, tmp_path):
    first, other = (tiny(tmp_path / path.stem, path) for path in two)
    both = tmp_path / "a", tmp_path / "b"
    with pytest.raises(errors.DataError, match="not measured on the same pairs; give a file"):
        evaluation.compare_dev((first, other), both)
    two[0].unlink()
    with pytest.raises(errors.DataError, match="no such file any longer; give a file"):
        evaluation.evaluate_dev(first, both[0])


def test_a_teacher_that_was_trained_on_the_dev_sources_has_no_figures(two, tmp_path):
    chosen = config.parse({}, [*TINY, "training.report=false"])
    tiny(tmp_path / "teacher", two[0])
    apart = distillation.distill(tmp_path / "teacher", two[0], output=tmp_path / "student", config=chosen)
    assert apart.teacher.dev_accuracy is not None
    roles = [file["role"] for file in apart.model.bundle.manifest["provenance"]["files"]]
    assert roles == ["train", "dev", "distillation source"]
    tiny(tmp_path / "other", two[0], dev=two[1])
    seen = distillation.distill(tmp_path / "other", two[0], output=tmp_path / "second", config=chosen)
    assert (seen.teacher.dev_accuracy, seen.teacher.dev_ter) == (None, None)


def test_a_source_in_two_training_files_is_no_leak(two, tmp_path):
    two[1].write_text(TWO + "zzz\tq\n", encoding="utf-8")
    tiny(tmp_path / "model", list(two))
    html = report.write(tmp_path / "model").read_text("utf-8")
    assert "measure memorisation" not in html
    assert "occurs in" not in html and "occur in" not in html
    tiny(tmp_path / "leaky", two[0], dev=two[1])
    assert "measure memorisation" in report.write(tmp_path / "leaky").read_text("utf-8")


@pytest.mark.parametrize("with_dev", [False, True])
@pytest.mark.parametrize("change", [None, "n_pairs", "calibration", "data", "again", "pattern", "fine_tune"])
def test_a_manifest_of_an_earlier_version_gives_figures_only_where_all_is_certain(two, tmp_path, with_dev, change):
    model = tmp_path / "model"
    dev = two[1] if with_dev else None
    paths = [two[0]] if with_dev else list(two)
    tiny(model, paths, dev=dev)
    expected = figures(model)
    whole = bundle.load(model)
    manifest = dict(whole.manifest)
    del manifest["provenance"]
    manifest["again"] |= {"pairs": list(map(str, paths)), "dev": [str(dev)] if dev else None}
    if change == "pattern":
        manifest["again"]["pairs"] = [str(tmp_path / ("a*.tsv" if with_dev else "*.tsv"))]
    elif change == "data":
        manifest["data"][str(tmp_path / "c.tsv")] = "0"
    elif change == "fine_tune":
        manifest["again"]["fine_tune"] = "an earlier model"
    elif change == "again":
        del manifest["again"]
    elif change == "calibration":
        manifest["calibration"]["n"] += 1
    elif change == "n_pairs":
        manifest["n_pairs"] += 1
    bundle.save(model, msgspec.structs.replace(whole, manifest=manifest))
    assert expected is not None
    assert figures(model) == (expected if change in (None, "pattern") else None)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no names that are not Unicode")
def test_a_file_name_that_is_not_unicode_is_found_again(two, tmp_path):
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9, x.tsv"))
    two[0].rename(path)
    tiny(tmp_path / "model", path)
    assert figures(tmp_path / "model") is not None
    assert training.recall(tmp_path / "model" / "manifest.json").pairs == (path,)
