"""Whatever bytes and options `predict` is given: one record a line, valid UTF-8, no crash."""

import io
import json
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seqwright.cli.main import main

EXAMPLES, LINES = 250, 42  # together more than ten thousand lines

alphabet = st.one_of(st.sampled_from("abcdefgh"), st.characters(exclude_categories=["Cs"]), st.sampled_from(
    ["\0", "\t", "\r", "\v", "\x85", "\u2028", "\u202e", "\u200d", "\ufeff", "\ufffd", "가", "\u1100", "e\u0301", "👩"]
))  # fmt: skip
lines = st.one_of(
    st.lists(alphabet, max_size=12).map(lambda some: "".join(some).encode()),
    st.binary(max_size=12),
    st.sampled_from([b"", b" ", b"abc", b"h" * 700, b"ab cd " * 150, "ж".encode() * 80]),
).map(lambda line: line.replace(b"\n", b""))
files = st.tuples(st.lists(lines, min_size=LINES, max_size=LINES + 3).map(b"\n".join), st.sampled_from([b"", b"\n"]))


def option(name, values):
    return st.one_of(st.just([]), values.map(lambda value: [name, str(value)]))


def flag(name):
    return st.sampled_from([[], [name]])


def goes_together(words):
    """Return whether the options contradict one another nowhere, which is refused before a line is read."""
    given = set(words)
    constrained = given & {"--prefix", "--pattern", "--allow"}
    drawn, searched = given & {"--temperature", "--top-k", "--top-p"}, given & {"--beam", "--diversity", "--groups"}
    return not (
        ("copy" in given and constrained) or (drawn and "--sample" not in given) or (searched and "--sample" in given)
    )


options = st.tuples(
    option("--beam", st.integers(1, 4)), option("--n-best", st.integers(1, 3)), flag("--scores"), flag("--alignment"),
    st.sampled_from([[], ["--json"], ["--tsv"]]), option("--unknown", st.sampled_from(["keep", "copy", "drop"])),
    option("--max-source-tokens", st.integers(1, 60)), option("--max-batch-tokens", st.integers(1, 4000)),
    option("--min-length", st.integers(0, 3)), option("--max-length", st.integers(3, 9)), flag("--sample"),
    option("--length-penalty", st.floats(0, 2)), option("--coverage-penalty", st.floats(0, 2)),
    option("--temperature", st.floats(0.01, 9)), option("--top-k", st.integers(0, 5)),
    option("--top-p", st.floats(0.01, 1)), flag("--no-lexicon"), option("--diversity", st.floats(0, 3)),
    option("--groups", st.integers(1, 3)), option("--prefix", st.sampled_from(["a", "hg"])), flag("--flush"),
    option("--pattern", st.sampled_from(["[a-h]*", "h?[ag]+", ".{2,9}"])), option("--allow", st.just("aghbcdef")),
).map(lambda parts: [word for part in parts for word in part]).filter(goes_together)  # fmt: skip


def answered(model, data, given_options):
    """Return the exit code and the bytes on standard output."""
    kept = sys.stdin, sys.stdout, sys.stderr
    out = io.BytesIO()
    sys.stdin, sys.stdout, sys.stderr = (io.TextIOWrapper(b) for b in (io.BytesIO(data), out, io.BytesIO()))
    try:
        code = main(["predict", "--debug", str(model), "--errors", "replace", *given_options])
        sys.stdout.flush()
        return code, out.getvalue()
    finally:
        sys.stdin, sys.stdout, sys.stderr = kept


@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
@given(file=files, given_options=options)
def test_there_is_one_record_for_each_line_whatever_it_holds(trained, file, given_options):
    body, end = file
    data = body + end
    n_lines = data.count(b"\n") + (not data.endswith(b"\n") and data != b"")
    code, out = answered(trained, data, given_options)
    assert code == 0
    text = out.decode("utf-8")
    assert text.count("\n") == n_lines
    records = text.split("\n")[:-1]
    if "--json" in given_options:
        told = [json.loads(record) for record in records]
        sources = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").split("\n")
        assert [r["source"] for r in told] == [s.removesuffix("\r").partition("\t")[0] for s in sources[:n_lines]]
        assert all(len(h["token_scores"]) == len(h["tokens"]) + 1 for r in told for h in r["n_best"])
    else:
        assert len({record.count("\t") for record in records}) <= 1
