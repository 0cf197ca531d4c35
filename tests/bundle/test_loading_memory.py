"""Loading holds the weights once, and draws nothing."""

import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest

from seqwright import bundle, models

LOAD = """
import os, sys
from pathlib import Path
import numpy as np
from seqwright import bundle

def kept(name):
    return 1024 * next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name))

small, large = map(Path, sys.argv[1:])
bundle.load(small).networks()

def refused(*_):
    raise AssertionError("random numbers were drawn")

np.random.default_rng = refused
before, most = kept("VmRSS"), kept("VmHWM")
loaded = bundle.load(large)
networks = loaded.networks()
print(max(kept("VmRSS") - before, kept("VmHWM") - most) / os.path.getsize(large / "model.safetensors"))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_a_model_takes_little_more_than_its_file(trained: Path, tmp_path: Path) -> None:
    """Of a model of 4 million parameters, before its weights are packed for a search."""
    found = bundle.load(trained)
    model = msgspec.structs.replace(found.config.model, hidden_size=512, embedding_size=64)
    spec = model.spec(len(found.source_vocabulary), len(found.target_vocabulary))
    copy_map = found.source_vocabulary.copy_map(found.target_vocabulary)
    network = models.build(spec, np.random.default_rng(1), copy_map=copy_map)
    settings = msgspec.structs.replace(found.config, model=model)
    bundle.save(tmp_path / "large", msgspec.structs.replace(found, config=settings, weights=network.params.named))
    command = [sys.executable, "-c", LOAD, str(trained), str(tmp_path / "large")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.5
