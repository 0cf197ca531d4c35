"""What is found in the data before the first step."""

import hashlib

import pytest

from seqwright import config
from seqwright.data.text import Tokens, UnicodeForm
from seqwright.data.vocabulary import END
from seqwright.errors import ConfigError, DataError
from seqwright.training.prepare import prepare


@pytest.fixture
def write(tmp_path):
    def write(text, name="pairs.tsv"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="\n")
        return path

    return write


def sources_of(prepared):
    """Return the sources in training, as text."""
    examples, vocabulary = prepared.examples, prepared.source.vocabulary
    rows = (examples.source[a:b] for a, b in zip(examples.source_starts, examples.source_starts[1:], strict=False))
    return {"".join(vocabulary.decode(row[row != END])) for row in rows}


@pytest.mark.parametrize(
    ("lines", "share"),
    [
        ("ab\tab\n", 1.0),
        ("ab\tbac\n", 2 / 3),
        ("ab\tcd\n", 0.0),
        ("a\tA\tA\n", 0.0),  # a feature is no letter
    ],
)
def test_copying_is_found_where_the_sources_hold_their_targets(write, lines, share):
    prepared = prepare(write(lines * 30), write(lines * 2 + "ab\tb\na\tA\n", "dev.tsv"), config.Config())
    assert prepared.traits.copied_share == pytest.approx(share)
    assert prepared.config.model.copying == (share > 0.6)


def test_the_length_of_the_targets_is_that_of_their_symbols(write):
    lines = "a\tx yy zzz\nb\tx\n" * 30
    for tokens, length in (("words", 2), ("characters", 4.5)):
        told = config.parse({}, [f"text.target_tokens={tokens}"])
        assert prepare(write(lines), write(lines, "dev.tsv"), told).traits.target_length == pytest.approx(length)


def test_features_are_summed_where_the_data_has_them(write):
    with_features, without = write("ab\tb\tN\nac\tb\tN;PL\n" * 30), write("ab\tb\nac\tb\n" * 30, "plain.tsv")
    assert prepare(with_features, None, config.Config()).config.model.sum_features
    assert not prepare(without, None, config.Config()).config.model.sum_features
    symbols = config.parse({}, ["model.sum_features=false"])
    assert not prepare(with_features, None, symbols).config.model.sum_features


def test_copying_is_what_the_settings_say(write):
    for settings in (["model.copying=false"], ["model.copying=true"], ["model.attention=none"]):
        prepared = prepare(write("ab\tab\nba\tba\n" * 30), None, config.parse({}, settings))
        assert prepared.config.model.copying == (settings == ["model.copying=true"])


@pytest.mark.parametrize("seed", range(5))
def test_no_held_out_source_is_in_training_in_any_form(write, seed):
    # Several targets a source, and each source in two Unicode forms.
    stems = [a + b for a in "abcdef" for b in "abcdef"]
    names = [f"{stem}\u00e9" for stem in stems]
    lines = [f"{stem}\u00e9\t{stem}\n{stem}\u00e9\tx\n{stem}e\u0301\ty\n" for stem in stems]
    settings = [f"training.dev_seed={seed}", "training.dev_share=0.3", "text.source_form=NFC"]
    prepared = prepare(write("".join(lines)), None, config.parse({}, settings))
    held = {"".join(prepared.source.vocabulary.decode(source[:-1])) for source in prepared.dev.sources}
    assert 4 <= len(held) <= 18  # of 36, about 0.3
    assert held.isdisjoint(sources_of(prepared))
    assert held | sources_of(prepared) == set(names)
    assert prepared.dev_origin.startswith("held out of ")


def test_a_dev_file_is_what_is_measured_on_and_all_pairs_are_trained_on(write, reversals):
    prepared = prepare(write(reversals), write("ab\tba\nab\tx\nba\tab\n\n", "dev.tsv"), config.Config())
    assert len(prepared.examples) == 60
    assert len(prepared.dev.sources) == 2
    assert prepared.dev.references == [[["b", "a"], ["x"]], [["a", "b"]]]
    assert prepared.dev_origin.endswith("dev.tsv")


def test_a_large_dev_set_is_sampled_over_its_whole_length(write, reversals):
    dev = write("".join(f"{'a' * n}\tb\n" for n in range(1, 101)), "dev.tsv")
    prepared = prepare(write(reversals), dev, config.parse({}, ["training.dev_limit=10"]))
    lengths = [len(source) - 1 for source in prepared.dev.sources]
    assert len(lengths) == 10
    assert lengths == list(range(1, 101, 10))


@pytest.mark.parametrize(
    ("text", "settings", "column"),
    [
        ("ab\tba\nba\tab\naab\tbaa\n", [], 0),
        ("ab\tba\tV\nba\tab\tN\naab\tbaa\tN\n", [], 3),
        ("ab\tba\t\nba\tab\t\naab\tbaa\t\n", [], 0),
        ("ab\tV\tba\nba\tN\tab\naab\tN\tbaa\n", ["text.target_column=3"], 2),
        ("ab\tba\tV\nba\tab\tN\naab\tbaa\tN\n", ["text.features_column=0"], 0),
        ("ab\tba\t?\tV\nba\tab\t?\tN\naab\tbaa\t?\tN\n", ["text.features_column=4"], 4),
    ],
)
def test_the_column_of_the_features_is_found_and_stored(text, settings, column, write):
    prepared = prepare(write(text), None, config.parse({}, settings))
    assert prepared.config.text.features_column == column
    assert any(symbol.startswith("feature ") for symbol in prepared.source.vocabulary.symbols) == bool(column)


def test_a_dev_file_is_read_with_the_columns_of_the_pairs(write, reversals):
    prepared = prepare(write(reversals), write("ab\tba\tV\n", "dev.tsv"), config.Config())
    assert prepared.dev.sources == [[*prepared.source.vocabulary.encode("ab"), END]]


def test_what_is_found_is_stored_and_what_is_given_is_kept(write):
    text = write("".join(f"한국{n}\tk a n {n}\n" for n in range(9)))
    found = prepare(text, None, config.Config()).config
    assert (found.text.source_tokens, found.text.source_form) == (Tokens.CHARACTERS, UnicodeForm.NFD)
    assert found.text.target_tokens is Tokens.WORDS
    assert None not in (found.model.hidden_size, found.training.batch_size, found.training.epochs)
    given = ["text.source_form=NFC", "text.target_tokens=characters", "model.hidden_size=7", "training.epochs=3"]
    kept = prepare(text, None, config.parse({}, given)).config
    assert (kept.text.source_form, kept.text.target_tokens) == (UnicodeForm.NFC, Tokens.CHARACTERS)
    assert (kept.model.hidden_size, kept.training.epochs) == (7, 3)


def test_files_are_known_by_their_contents(write, reversals):
    path = write(reversals)
    [file] = prepare(path, None, config.Config()).provenance.files
    assert (file.path, file.sha256) == (str(path), hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("text", "dev", "words"),
    [
        ("ab\tba\n", None, "pairs.tsv: one pair only"),
        ("ab\tba\n", "ab\tba\n", "pairs.tsv: one pair only"),
        ("ab\tba\nab\tbb\n", None, "pairs.tsv: 2 pairs of one source"),
        ("ab\tba\ncd\tdc\n", None, "pairs.tsv: the sources of the pairs held out share .*; add pairs"),
        ("ab\tba\ncd\tdc\n", "жж\tba\n", "dev.tsv: its sources share no symbol"),
        ("ab\tba\ncd\tdc\n", "ab\tжж\n", "dev.tsv: its targets share no symbol"),
        ("ab\tba\ncd\tdc\n", "\n\t\n", "dev.tsv"),
    ],
)
def test_too_little_to_train_or_measure_on_is_refused_by_name(text, dev, words, write):
    with pytest.raises(DataError, match=words):
        prepare(write(text), None if dev is None else write(dev, "dev.tsv"), config.Config())


def test_pairs_too_long_are_left_out_of_training_and_dev_and_listed(write, reversals):
    path, dev = write(reversals + "a\t" + "b" * 99 + "\n"), write("ab\tba\n" + "a" * 99 + "\tb\n", "dev.tsv")
    prepared = prepare(path, dev, config.parse({}, ["training.max_batch_tokens=50"]))
    assert (len(prepared.examples), len(prepared.dev.sources)) == (60, 1)
    assert prepared.excluded == [(str(path), 61, 103, 50), (str(dev), 2, 103, 50)]


def test_several_files_are_one_and_each_has_a_hash(write, reversals):
    lines = reversals.splitlines(keepends=True)
    parts = [write("".join(lines[:30]), "part1.tsv"), write("".join(lines[30:]), "part2.tsv")]
    one, two = prepare(write(reversals), None, config.Config()), prepare(parts, None, config.Config())
    assert one.examples.source.tolist() == two.examples.source.tolist()
    assert one.dev.sources == two.dev.sources
    assert [file.path for file in two.provenance.files] == [str(part) for part in parts]
    assert two.dev_origin == f"held out of {parts[0]}, {parts[1]}"


def test_a_configuration_made_in_python_is_refused_like_one_of_a_file():
    with pytest.raises(ConfigError, match=r"set embedding_size and hidden_size to one number"):
        config.ModelConfig(tied=True, hidden_size=32, embedding_size=16)
