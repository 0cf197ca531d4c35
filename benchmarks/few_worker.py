"""One training of `benchmarks.few`, and its score: a script that any version of seqwright can run.

python few_worker.py '{"pairs": …, "dev": …, "settings": […], "output": …, "folds": true, "joined": false}'

Without folds, a version that cross-validates by default trains the model of all pairs alone: its weights are the same.
Joined: the model and those of its folds answer together.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

import seqwright
from seqwright import config, evaluation
from seqwright.data import readers

__all__: list[str] = []


def train(job: dict[str, Any]) -> Any:
    """Return the model of a job."""
    given = config.parse({}, job["settings"])
    if job["folds"]:
        return seqwright.train(job["pairs"], output=job["output"], config=given)
    from seqwright.training import cross_validation, folds, manifest  # earlier versions have none of these
    from seqwright.training.callbacks import Listeners
    from seqwright.training.run import run
    from seqwright.training.setup import set_up

    _, given = folds.settled(job["pairs"], None, given, None)
    is_whole = bool(given.training.cross_validation)
    setup = set_up(
        job["pairs"], job["pairs"] if is_whole else None, cross_validation.whole(given) if is_whole else given,
        path=Path(job["output"]), origin=manifest.Origin(None, [], {}),
    )  # fmt: skip
    return run(setup, Listeners([]))


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    model = train(job)
    usage = resource.getrusage(resource.RUSAGE_SELF)
    if job["joined"]:
        output, together = Path(job["output"]), Path(job["output"] + "-joined")
        seqwright.join([output, *sorted((output / "folds").iterdir())], output=together)
        model = seqwright.load(together)
    scores = evaluation.evaluate(model, readers.read_pairs(job["dev"])).scores
    print(
        json.dumps(
            {
                "seqwright": seqwright.__version__,
                "settings": job["settings"],
                "wer": round(scores.wer, 2),
                "ter": round(scores.ter, 2),
                "n": scores.n,
                "seconds": round(usage.ru_utime + usage.ru_stime, 1),  # of processor time
            }
        )
    )
