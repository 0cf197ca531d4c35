"""Mistakes of callers are exceptions of ours also under `python -O`, which removes assert statements."""

import subprocess
import sys

MISTAKES = """
import sys
import numpy as np
import seqwright
from seqwright import SeqwrightError

assert False, "this program must run with -O"

model = seqwright.load(sys.argv[1])
network = seqwright.Seq2seq(7, 4, 4)
attentive = seqwright.Seq2seq(7, 4, 4, attention="dot")
mistakes = {
    "one text": lambda: model.predict("abc"),
    "no text": lambda: model.predict([3]),
    "features": lambda: model.predict(["abc"], features=[]),
    "targets": lambda: model.score(["abc"], []),
    "beam": lambda: model.predict(["abc"], beam=0),
    "chunk": lambda: model.predict_iter(["abc"], chunk=0),
    "name": lambda: seqwright.Options(bem=3),
    "mode": lambda: model.predict(["abc"], options=seqwright.Scoring()),
    "options": lambda: model.predict(["abc"], options={"beam": 3}),
    "contradiction": lambda: seqwright.Options(temperature=2.0),
    "cap": lambda: seqwright.Caps(beam=2).check(seqwright.Options(beam=3)),
    "constraint": lambda: model.constraint(prefix="ж"),
    "one_of": lambda: model.constraint(one_of="abc"),
    "pattern": lambda: model.constraint(pattern="("),
    "save": lambda: model.save(sys.argv[1]),
    "load": lambda: seqwright.load("missing"),
    "evaluate": lambda: seqwright.evaluate(model, []),
    "compare": lambda: seqwright.compare(model, model, []),
    "join": lambda: seqwright.join([sys.argv[1]], output="joined"),
    "check": lambda: seqwright.check([]),
    "check of a text": lambda: seqwright.check("pairs.tsv"),
    "train": lambda: seqwright.train(3, output="model"),
    "configuration": lambda: seqwright.ModelConfig(hidden_size=0),
    "network": lambda: seqwright.Seq2seq(7, 4, 4, attention="dott"),
    "backward first": lambda: network.backward(),
    "state alone": lambda: attentive.decoder.forward(np.zeros((1, 2), np.int32), np.zeros((1, 4), np.float32)),
    "two sources": lambda: network.decoder.generate(np.zeros((2, 4), np.float32), 0, 3),
}
for name, mistake in mistakes.items():
    try:
        mistake()
    except SeqwrightError as error:
        if not str(error):
            print(f"{name}: no message")
    except Exception as error:
        print(f"{name}: {type(error).__name__}: {error}")
    else:
        print(f"{name}: accepted")
"""


def test_mistakes_are_our_exceptions_also_without_assert_statements(trained, tmp_path):
    command = [sys.executable, "-O", "-c", MISTAKES, str(trained)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
