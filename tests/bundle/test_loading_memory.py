"""Loading holds the weights once, and draws nothing."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from seqwright import bundle, models
from seqwright.data.limits import Limits

LOAD = """
import os, sys
from pathlib import Path
import numpy as np
import seqwright
from seqwright import bundle

def loaded(path):
    if sys.argv[3] == "bundle":
        return bundle.load(path).build()
    return seqwright.load(path)

def kept(name):
    return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))

small, large = map(Path, sys.argv[1:3])
loaded(small)

def refused(*_):
    raise AssertionError("random numbers were drawn")

np.random.default_rng = refused
before, most = kept("VmRSS"), kept("VmHWM")
model = loaded(large)
print(max(kept("VmRSS") - before, kept("VmHWM") - most) / os.path.getsize(large / "model.safetensors"))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("how", ["bundle", "translator"])
def test_a_model_takes_little_more_than_its_file(how: str, trained: Path, tmp_path: Path) -> None:
    """Of a model of 4 million parameters, before its weights are packed for the first search."""
    found = bundle.load(trained)
    model = msgspec.structs.replace(found.config.model, hidden_size=512, embedding_size=64)
    spec = model.spec(len(found.source.vocabulary), len(found.target.vocabulary))
    copy_map = found.source.vocabulary.copy_map(found.target.vocabulary)
    network = models.build(spec, np.random.default_rng(1), copy_map=copy_map)
    settings = msgspec.structs.replace(found.config, model=model)
    bundle.save(tmp_path / "large", msgspec.structs.replace(found, config=settings, weights=network.params.named))
    command = [sys.executable, "-c", LOAD, str(trained), str(tmp_path / "large"), how]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.5


PREDICT = """
import resource, sys
import seqwright
model = seqwright.load(sys.argv[1])
model.predict(["a"], beam=1)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 1_000_000_000,) * 2)
found = model.predict(["abc", "abcdefgh" * 20, ""], beam=5)
print(max(len(hypotheses[0].tokens) for hypotheses in found))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc and limits its address space")
def test_extreme_lengths_in_a_model_directory_ask_for_bounded_memory(trained: Path, tmp_path: Path) -> None:
    """The search of one line may take a gigabyte; it is a file's own lengths that asked for eighty."""
    found = bundle.load(trained)
    most = 1 << 29
    hostile = Limits(most, float(most), 0, most)
    bundle.save(tmp_path / "hostile", msgspec.structs.replace(found, limits=hostile))
    command = [sys.executable, "-c", PREDICT, str(tmp_path / "hostile")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-1000:]
