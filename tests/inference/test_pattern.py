"""Patterns over the text of answers, held against Python's own on every short text."""

import itertools
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seqwright.data.text import TextFormat, Tokens, UnicodeForm
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import ConstraintError
from seqwright.inference import constraints, pattern

LETTERS = Tokenizer(TextFormat(), Vocabulary(["a", "b", "1", " "]))


def texts(found, target=LETTERS, longest=4):
    ids = range(4, len(target.vocabulary))
    every = [some for n in range(longest + 1) for some in itertools.product(ids, repeat=n)]
    return {target.decode(some) for some in every if some in found}


EVERY = ["".join(some) for n in range(5) for some in itertools.product("ab1 ", repeat=n)]
atoms = st.sampled_from(
    ["a", "b", "1", ".", "[ab]", "[^a]", "[a-b1]", r"\d", r"\D", r"\w", r"\s", r"\S", "[\\d ]", r"[^\w]", r"\x61",
     r"\u0062", "[a-]", "[]a]", "(?:a)", "(?P<n>b)"],
)  # fmt: skip
counts = st.sampled_from(
    ["", "*", "+", "?", "{2}", "{1,}", "{,2}", "{0,2}", "{1,3}", "{0}", "*?", "+?", "??", "{1,2}?"]
)
anchors = st.sampled_from(["^", "$", r"\A", r"\Z"])
patterns = st.recursive(
    st.tuples(atoms, counts).map("".join) | anchors,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.tuples(inner, inner).map("|".join),
        st.tuples(inner, counts).map(lambda both: f"({both[0]}){both[1]}"),
    ),
    max_leaves=5,
)


@given(patterns)
def test_the_same_texts_match_as_with_the_standard_library(written):
    written = re.sub(r"\(\?P<n>", "(?:", written, count=max(0, written.count("(?P<n>") - 1))  # a name only once
    expected = {one for one in EVERY if re.fullmatch(written, one, re.DOTALL)}
    try:
        found = pattern.compiled(written, LETTERS)
    except ConstraintError:
        assert not expected
        return
    assert texts(found) == expected


def test_a_pattern_over_words_sees_the_spaces_between_them():
    target = Tokenizer(TextFormat(Tokens.WORDS), Vocabulary(["AH", "T", "AH0"]))
    found = pattern.compiled("(AH0? )*T", target)
    assert texts(found, target, 3) == {
        "T", "AH T", "AH0 T", "AH AH T", "AH AH0 T", "AH0 AH T", "AH0 AH0 T"
    }  # fmt: skip


def test_a_syllable_stands_for_its_jamo():
    jamo = Vocabulary(["\u1100", "\u1161", "\u11ab", "\u1102"])
    target = Tokenizer(TextFormat(unicode_form=UnicodeForm.NFD), jamo)
    assert texts(pattern.compiled("가", target), target) == {"가"}
    assert texts(pattern.compiled("[가-힣]", target), target) == {
        "\u1100", "\u1161", "\u11ab", "\u1102", "가", "간", "나", "난"
    } - {"\u1100", "\u1161", "\u11ab", "\u1102"}  # fmt: skip


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("(a", "never closed"), ("a)", "nothing opened"), ("*a", "nothing to repeat"), ("a**", "nothing to repeat"),
        ("[a", "too early"), ("a{2,1}", "m at most n"), ("a{x}", "expected {m}"), ("[b-a]", "empty"),
        ("a\\"[:2], "too early"), ("z", "no answer can meet"), ("(" * 5000, "too many nested groups"),
        ("((a{999}){999}){999}", "too large"), ("a{9999}", "repeats"), ("^*a", "nothing to repeat"),
        (r"(a)\1", "a back reference is not supported"), ("(?=a)a", "lookahead is not supported"),
        ("a(?!b)", "negative lookahead"), ("(?<=a)b", "lookbehind"), ("(?<!a)b", "negative lookbehind"),
        ("(?i)a", "a flag is not supported ((?i)"), ("(?>a)", "atomic"), ("a++", "possessive"),
        ("(?P<x>a)(?P=x)", "back reference"),
        (r"\bab", r"a word boundary is not supported (\b)"), (r"\p{L}", "Unicode property"), (r"\y", "this escape"),
        (r"\x6", "2 hexadecimal digits"), ("[[:alpha:]]", "by name or operation"), ("[a-z&&b]", "operation"),
        (r"[a-\d]", "ends no range"), (r"[\d-a]", "begins no range"), ("(?#x)a", "a comment"),
        ("(?(1)a)", "conditional"),
    ],
)  # fmt: skip
def test_a_wrong_pattern_is_refused_with_what_is_wrong(written, says):
    with pytest.raises(ConstraintError, match=re.escape(says)):
        pattern.compiled(written, LETTERS)


def test_anchors_are_the_ends_of_the_text():
    assert texts(pattern.compiled("^a.*$", LETTERS)) == {one for one in EVERY if one.startswith("a")}
    assert texts(pattern.compiled("^a|b$|^$", LETTERS)) == {"", "a", "b"}
    target = Tokenizer(TextFormat(), Vocabulary(["^", "a", "$"]))
    found = texts(pattern.compiled(r"\^?a\$?", target), target)
    assert found == {"a", "^a", "a$", "^a$"}
    with pytest.raises(ConstraintError, match="no answer can meet"):
        pattern.compiled("a^b", LETTERS)


THOUSAND = Tokenizer(TextFormat(), Vocabulary(map(chr, range(97, 1097))))
LARGE = [
    ".*a.{12}", ".*[a-c].{20}", "(a|b)*a(a|b){18}", "(.*a){20}", "((a?){100}){100}", "((a{999}){999}){999}",
    "[" + "".join(map(chr, range(97, 1097))) + "]{1000}", "(.{0,100}b){0,100}", ".{1000}" * 20,
    "(" + "a|" * 100_000 + "b)",
    "a" * 1_000_000, "(" * 100_000, "[" * 100_000, "(.*){50}" * 50, "[가-힣]{1000}",
]  # fmt: skip
COST = """
import sys, time
from seqwright.inference import constraints
from seqwright.data.text import TextFormat, UnicodeForm
from seqwright.data.tokenizer import Tokenizer
from seqwright.data.vocabulary import Vocabulary
from seqwright.errors import ConstraintError
target = Tokenizer(TextFormat(unicode_form=UnicodeForm(sys.argv[1])), Vocabulary(map(chr, range(97, 1097))))
constraints.build(target, pattern="a")
def most():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
before = most()
for pattern in sys.stdin.read().split("\\n"):
    began = time.process_time()
    try:
        constraints.build(target, pattern=pattern)
    except ConstraintError as error:
        print("refused", end=" ")
    else:
        print("compiled", end=" ")
    grown = most() - before
    print(round(time.process_time() - began, 3), grown // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_a_large_pattern_is_refused_before_it_takes_much(form):
    """The limit is on work and not on time, so that it is the same on every machine."""
    done = subprocess.run(
        [sys.executable, "-c", COST, form], input="\n".join(LARGE), capture_output=True, text=True, timeout=300,
        check=True,
    )  # fmt: skip
    for written, line in zip(LARGE, done.stdout.splitlines(), strict=True):
        _, _, grown = line.split()
        assert int(grown) < 100, (written[:50], line)


@pytest.mark.parametrize(
    "written", ["[0-9]{4}-[0-9]{2}", ".{0,1000}", ".*", "[a-z]{1,200}", "(.*a.*){3}", ".*a.{8}", "[^a]*(a[^a]*){5}"]
)
def test_a_pattern_of_daily_use_is_compiled(written):
    pattern.compiled(written, Tokenizer(TextFormat(), Vocabulary(map(chr, range(45, 1097)))))


def test_constraints_that_are_too_large_together_are_refused():
    with pytest.raises(ConstraintError, match="too large together"):
        constraints.build(THOUSAND, pattern=".*a.{5}", min_length=999)
