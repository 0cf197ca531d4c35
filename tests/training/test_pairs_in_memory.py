"""Training on pairs that come from no file."""

import json

import pytest

import seqwright
from seqwright import config
from seqwright.data import readers
from seqwright.errors import DataError, UsageError

TINY = ["model.hidden_size=8", "model.wordvec_size=4", "training.epochs=1"]


LIBRARIES = ["pandas", "polars"]


def frame(library, table):
    return pytest.importorskip(library).DataFrame({name: list(column) for name, column in table.items()})


@pytest.fixture
def pairs(reversals):
    return [tuple(line.split("\t")) for line in reversals.splitlines()]


def train(pairs, output, **others):
    model = seqwright.train(pairs, output=output, config=config.parse({}, TINY), **others)
    return {name: weights.tobytes() for name, weights in model.bundle.weights.items()}


def columns(pairs):
    sources, targets = zip(*pairs, strict=True)
    return {"target": targets, "id": range(len(pairs)), "source": sources}


FORMS = {
    "list": list,
    "tuple": tuple,
    "iterator": iter,
    "lists": lambda pairs: [list(pair) for pair in pairs],
    "readers' pairs": lambda pairs: [readers.Pair(*pair) for pair in pairs],
    "pandas": lambda pairs: frame("pandas", columns(pairs)),
    "pandas, other index": lambda pairs: frame("pandas", columns(pairs)).set_index("id"),
    "pandas categories": lambda pairs: frame("pandas", columns(pairs)).astype("category"),
    "polars": lambda pairs: frame("polars", columns(pairs)),
    "unnamed columns": lambda pairs: frame("polars", {"word": [s for s, _ in pairs], "says": [t for _, t in pairs]}),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_pairs_in_memory_give_the_model_of_their_file(tmp_path, reversals, pairs, form):
    (tmp_path / "pairs.tsv").write_text(reversals, encoding="utf-8")
    assert train(form(pairs), tmp_path / "memory") == train(tmp_path / "pairs.tsv", tmp_path / "file")
    assert (tmp_path / "memory" / "report.html").exists()


def test_the_manifest_records_that_pairs_were_in_memory(tmp_path, pairs):
    train(pairs[10:], tmp_path / "model", dev=iter(pairs[:10]))
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text(encoding="utf-8"))
    files = manifest["provenance"]["files"]
    assert [(file["role"], file["kind"]) for file in files] == [("train", "memory"), ("dev", "memory")]
    assert files[0]["sha256"] != files[1]["sha256"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_features_are_read_from_tuples_and_frames(tmp_path, pairs, library):
    tagged = [(s, t, "V;PST" if s < "d" else "N") for s, t in pairs]
    by_name = columns(pairs) | {"features": [f for _, _, f in tagged]}
    one = train(tagged, tmp_path / "tuples")
    assert one == train(frame(library, by_name), tmp_path / "frame")
    assert seqwright.load(tmp_path / "tuples").bundle.config.text.features_column == 3
    assert one != train(pairs, tmp_path / "none")


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("dtype", ["object", "string", "category"])
def test_cells_without_a_value_have_no_features(library, dtype):
    table = {"source": ["a", "b", "c"], "target": ["x", "y", "z"], "features": [None, "V;PST", ""]}
    given = frame(library, table)
    if library == "pandas":
        given = given.astype({"features": dtype})
    elif dtype == "category":
        polars = pytest.importorskip("polars")
        given = given.with_columns(polars.col("features").cast(polars.Categorical))
    read = readers.read_pairs(given)
    assert [(pair.source, pair.target, pair.features) for pair in read] == [
        ("a", "x", ""), ("b", "y", "V;PST"), ("c", "z", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("library", LIBRARIES)
def test_features_of_a_frame_may_be_lists(library):
    table = {"source": ["a", "b"], "target": ["x", "y"], "features": [["V", "PST"], []]}
    assert [pair.features for pair in readers.read_pairs(frame(library, table))] == ["V;PST", ""]


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("table", "words"), [
    ({"source": ["a"]}, "columns"), ({"source": [], "target": []}, "there are none"),
    ({"source": ["a", None], "target": ["x", "y"]}, "row 1 is"), ({"source": [1], "target": [2]}, "row 0 is"),
])  # fmt: skip
def test_a_frame_of_no_pairs_is_refused(library, table, words):
    with pytest.raises(DataError, match=words):
        readers.read_pairs(frame(library, table))


def test_a_frame_that_is_still_to_be_computed_is_refused():
    lazy = frame("polars", {"source": ["a"], "target": ["x"]}).lazy()
    with pytest.raises(UsageError, match=r"LazyFrame.*collect"):
        readers.read_pairs(lazy)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([("a", "b"), ("a",)], "row 1"), ([("a", 1)], "row 0"), ([("a", "b"), "ab"], "row 1"),
        ([("a", "\ud800")], "half"),
        (iter([]), "give at least one"), ([("a", "")], "every target is empty"),
    ],
)  # fmt: skip
def test_what_is_no_pair_is_named(tmp_path, wrong, words):
    with pytest.raises(DataError, match=words):
        train(wrong, tmp_path / "model")


@pytest.mark.parametrize("wrong", [7, None, b"pairs.tsv", {"a": "b"}])
def test_what_is_neither_paths_nor_pairs_is_refused(tmp_path, wrong):
    with pytest.raises(UsageError, match=r"expected|give"):
        train(wrong, tmp_path / "model")


def test_two_paths_are_paths(tmp_path, reversals):
    for name in "ab":
        (tmp_path / name).write_text(reversals, encoding="utf-8")
    assert len(readers.inputs((str(tmp_path / "a"), str(tmp_path / "b")))) == 2
    assert len(readers.inputs([readers.Parallel(str(tmp_path / "a"), str(tmp_path / "b"))])) == 1
    assert len(readers.inputs(tmp_path / name for name in "ab")) == 2
