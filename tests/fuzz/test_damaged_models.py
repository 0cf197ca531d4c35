"""Whatever a model directory holds: it loads whole or is refused by one of our own errors, in bounded memory."""

import json
import math
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

import seqwright
from seqwright import bundle as bundles
from seqwright.data.readers import Pair
from seqwright.errors import SeqwrightError

CASES = 5_000
PARTS = 10  # so that one part's failure names its cases, and each may run anywhere
FILES = [
    "config.json", "model.safetensors", "source.vocab.json", "target.vocab.json", "manifest.json", "lexicon.json",
]  # fmt: skip
HOSTILE = [
    b"", b"null", b"[]", b"{}", b"0", b'"x"', b"[" * 5000, b'{"a":' * 5000, b"\xff\xfe", b"\0" * 100, b"1e999999",
    b'{"format_version": 99999999999999999999}', b'{"format_version": -1}', b'{"version": 1, "symbols": 5}',
    b'{"version": 1e400}', b'"\\ud800"', b"NaN", b"-", b'{"__proto__": {}}',
]  # fmt: skip
NUMBERS = [b"-1", b"0", b"1e308", b"99999999999", b"9223372036854775808", b"null", b"true", b'""', b"[]", b"{}", b"1.5"]


def damaged(data: bytes, rng: np.random.Generator) -> bytes:
    """Return the bytes with one kind of damage."""
    n = len(data)
    kind = rng.integers(7)
    if kind == 0:  # some bits
        changed = bytearray(data)
        for at in rng.integers(0, n, rng.integers(1, 9)):
            changed[at] ^= 1 << int(rng.integers(8))
        return bytes(changed)
    if kind == 1:  # some bytes near the start, where sizes are told
        changed = bytearray(data)
        for at in rng.integers(0, min(n, 200), rng.integers(1, 5)):
            changed[at] = int(rng.integers(256))
        return bytes(changed)
    if kind == 2:
        return data[: rng.integers(n)]
    if kind == 3:
        return data + rng.bytes(int(rng.integers(1, 50)))
    if kind == 4:  # a part twice, or missing
        first, end = sorted(rng.integers(0, n, 2))
        return data[:first] + data[first:end] * int(rng.choice([0, 2])) + data[end:]
    if kind == 5:
        return HOSTILE[rng.integers(len(HOSTILE))]
    digits = [i for i in range(min(n, 4000)) if data[i : i + 1].isdigit()]
    if not digits:
        return b""
    first = end = digits[rng.integers(len(digits))]
    while first and data[first - 1 : first].isdigit():
        first -= 1
    while data[end : end + 1].isdigit():
        end += 1
    return data[:first] + NUMBERS[rng.integers(len(NUMBERS))] + data[end:]


def with_lexicon(trained: Path, folder: Path) -> Path:
    """Write the model to another folder, with pairs that it answers just so."""
    bundle = bundles.load(trained)
    told = msgspec.structs.replace(bundle.config.training, lexicon="pairs.tsv")
    config = msgspec.structs.replace(bundle.config, training=told)
    pairs = [Pair("abc", "ab"), Pair("", "c", "V;PST"), Pair("가", "")]
    bundles.save(folder, msgspec.structs.replace(bundle, config=config, lexicon=pairs))
    return folder


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # damaged weights overflow
def test_a_damaged_directory_is_refused_or_answers(part, trained, tmp_path):
    folder = with_lexicon(trained, tmp_path / "model")
    whole = {name: (folder / name).read_bytes() for name in FILES}
    n_refused = 0
    for case in range(part * CASES // PARTS, (part + 1) * CASES // PARTS):
        rng = np.random.default_rng(case)
        name = FILES[rng.integers(len(FILES))]
        (folder / name).write_bytes(damaged(whole[name], rng))
        try:
            seqwright.load(folder).predict(["abc", ""], beam=2)
        except SeqwrightError:
            n_refused += 1
        except BaseException as error:
            raise AssertionError(f"case {case}, {name}: {type(error).__name__}: {error}") from error
        (folder / name).write_bytes(whole[name])
    assert n_refused > 200, "the damage is too small to test anything"


LIMITED = """
import resource, sys
import numpy, seqwright
from seqwright.errors import SeqwrightError
seqwright.load  # imported before memory is limited
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 400_000_000,) * 2)
for folder in sys.argv[1:]:
    try:
        seqwright.load(folder)
    except SeqwrightError as error:
        print("refused", error)
    else:
        print("loaded", folder)
"""


def with_header(header: dict) -> bytes:
    encoded = json.dumps(header).encode()
    return struct.pack("<Q", len(encoded)) + encoded


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc and limits its address space")
def test_ten_claimed_gigabytes_are_refused_without_being_allocated(trained, tmp_path):
    config = json.loads((trained / "config.json").read_text("utf-8"))
    weights = (trained / "model.safetensors").read_bytes()
    n = struct.unpack("<Q", weights[:8])[0]
    header = json.loads(weights[8 : 8 + n])
    tensor = next(name for name in header if name != "__metadata__")
    shape = [50_000, 50_000]
    size = 4 * math.prod(shape)
    huge = {**header, tensor: {"dtype": "F32", "shape": shape, "data_offsets": [0, size]}}

    def sized(**changed):
        model = {**config["config"]["model"], **changed}
        return json.dumps({**config, "config": {**config["config"], "model": model}}).encode()

    cases = {
        "hidden": ("config.json", sized(hidden_size=30_000)),
        "embedding": ("config.json", sized(embedding_size=200_000_000)),
        "layers": ("config.json", sized(layers=100_000_000, encoder_layers=100_000_000)),
        "encoder": ("config.json", sized(encoder_layers=100_000_000)),
        "beyond": ("config.json", sized(hidden_size=2**62)),
        "tensor": ("model.safetensors", with_header(huge) + weights[8 + n :]),
        "header": ("model.safetensors", struct.pack("<Q", 10 << 30) + weights[8:]),
        "offsets": ("model.safetensors", with_header({tensor: {"dtype": "F32", "shape": [2**62, 4],
                                                               "data_offsets": [0, 2**63]}})),
        "depth": ("manifest.json", b"[" * 1_000_000),
    }  # fmt: skip
    folders = []
    for name, (file, data) in cases.items():
        folder = shutil.copytree(trained, tmp_path / name)
        (folder / file).write_bytes(data)
        folders.append(str(folder))
    command = [sys.executable, "-c", LIMITED, *folders]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = done.stdout.splitlines()
    assert [line.split()[0] for line in told] == ["refused"] * len(cases), done.stdout
