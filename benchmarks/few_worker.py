"""One training of `benchmarks.few`, and its score: a script that any version of seqwright can run.

python few_worker.py '{"pairs": …, "dev": …, "settings": […], "output": …}'
"""

import json
import resource
import sys

import seqwright
from seqwright import config, evaluation
from seqwright.data import readers

__all__: list[str] = []

if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    model = seqwright.train(job["pairs"], output=job["output"], config=config.parse({}, job["settings"]))
    usage = resource.getrusage(resource.RUSAGE_SELF)
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
