"""The public interface has numpydoc docstrings that name exactly the parameters of each signature."""

import ast
import inspect
import re
import types

import msgspec
import pytest

import seqwright
from seqwright.nn import cache
from seqwright.nn import parameters as parameters_of_layers

CONFIGURATION = [
    seqwright.Config, seqwright.ModelConfig, seqwright.OptimConfig, seqwright.TextConfig, seqwright.TrainingConfig,
]  # fmt: skip
DECODER = {
    "of",
    "declared",
    "decode",
    "decode_backward",
    "hidden",
    "hidden_backward",
    "logits",
    "logits_backward",
    "step",
}  # its time-major methods: documented by shapes, for those who write layers


def members(name, value):
    """Yield the public functions, and the class itself with its public methods."""
    yield name, value
    if inspect.isclass(value):
        for key, member in vars(value).items():
            function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            if not key.startswith("_") and isinstance(function, types.FunctionType):
                yield f"{name}.{key}", function


def public():
    for name in seqwright.__all__:
        value = getattr(seqwright, name)
        if isinstance(value, str):
            continue
        for full, member in members(name, value):
            if not (name == "Decoder" and full.rpartition(".")[2] in DECODER):
                yield full, member


def sections(doc):
    """Return the text below each underlined heading."""
    parts = re.split(r"^([A-Z][A-Za-z ]+)\n-{3,}\n", inspect.cleandoc(doc), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented(section):
    """Return the names before the colons of a section; several may share one line."""
    heads = re.findall(r"^(\S.*?)(?: : .*)?$", section, flags=re.MULTILINE)
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


def parameters(value):
    """Return the names that must be documented."""
    if inspect.isclass(value) and issubclass(value, msgspec.Struct):
        return set(value.__struct_fields__)
    if inspect.isclass(value) and issubclass(value, BaseException):
        return set()
    if inspect.isclass(value) and hasattr(value, "_fields"):
        return set(value._fields)
    return set(inspect.signature(value).parameters) - {"self", "cls"}


def flaws(value):
    doc = inspect.getdoc(value) if not inspect.isclass(value) else value.__doc__
    if not doc:
        return ["no docstring"]
    found, first = [], inspect.cleandoc(doc).split("\n")[0]
    if not first.endswith("."):
        found.append("the first line is no sentence")
    parts = sections(doc)
    named = documented(parts.get("Parameters", "")) | (
        documented(parts.get("Attributes", "")) if inspect.isclass(value) else set()
    )
    if missing := parameters(value) - named:
        found.append(f"not documented: {', '.join(sorted(missing))}")
    if not inspect.isclass(value):
        if stale := documented(parts.get("Parameters", "")) - parameters(value):
            found.append(f"no parameters: {', '.join(sorted(stale))}")
        returns = inspect.signature(value).return_annotation
        if returns not in (None, "None", inspect.Signature.empty) and not {"Returns", "Yields"} & set(parts):
            found.append(f"returns {returns}, which no section describes")
    return found


OF_LAYERS = [cache.Cache, parameters_of_layers.Declared, parameters_of_layers.Parameters]
PUBLIC = dict(public()) | {name: one for kind in OF_LAYERS for name, one in members(kind.__name__, kind)}


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_docstring_describes_each_parameter_and_what_is_returned(name):
    assert flaws(PUBLIC[name]) == []


def test_the_check_finds_missing_and_stale_parameters():
    def stale(a: int, b: int) -> int:
        """Add.

        Parameters
        ----------
        a, c : int
            Numbers.
        """
        return a + b

    assert flaws(stale) == [
        "not documented: b", "no parameters: c", "returns <class 'int'>, which no section describes",
    ]  # fmt: skip


@pytest.mark.parametrize("section", CONFIGURATION, ids=lambda one: one.__name__)
def test_the_stated_default_of_each_setting_is_its_default(section):
    stated = {}
    for names, values in re.findall(
        r"^([\w, ]+) : .*?default (.+)$", sections(section.__doc__)["Parameters"], re.MULTILINE
    ):
        each = names.split(", ")
        values = ast.literal_eval(f"({values},)") if "Config()" not in values else (None,)
        stated |= dict(zip(each, values * len(each) if len(values) == 1 else values, strict=True))
    section_defaults = {field: getattr(section(), field) for field in section.__struct_fields__}
    assert stated.keys() == section_defaults.keys()
    if section is not seqwright.Config:
        assert stated == section_defaults
