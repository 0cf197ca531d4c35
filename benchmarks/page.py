"""A model as one HTML file in headless Chromium: the answers of `predict`, how large it is, how fast it answers.

    python -m benchmarks.page MODEL FILE [MODEL FILE …] [--words 500] [--beam 5]

FILE has pairs of the kind of the model's. `predict` has the same 8-bit weights; texts, scores and confidences are
compared for each word. Words are answered one by one, as when they are typed. Times by the clock are medians; `cpu` is
the processor time of the whole browser for each word, which hardly depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright import sync_api

from benchmarks import machine
from seqwright import bundle, evaluation, exporters
from seqwright.data import readers
from seqwright.exporters import int8
from seqwright.exporters.html.export import rounded
from seqwright.inference.options import Options
from seqwright.inference.translator import Translator

ASK = """async ([sources, features, beam]) => {
  const answers = [], times = [];
  for (const [i, source] of sources.entries()) {
    const start = performance.now();
    const found = await engine.predict({ sources: [source], features: [features[i]], beam });
    times.push(performance.now() - start);
    answers.push(found.answers[0]);
  }
  return { answers, times };
}"""


def main() -> None:
    """Print a block for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL FILE")
    parser.add_argument("--words", type=int, default=500)
    parser.add_argument("--beam", type=int, default=5)
    options = parser.parse_args()
    facts = machine.facts()
    print(*(f"{name}: {facts[name]}" for name in ("processor", "cores", "load_average")), sep="\n")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_api.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        for model, file in zip(options.models[::2], options.models[1::2], strict=True):
            print(f"\n{model}")
            for name, value in measured(browser, Path(model), file, options.words, options.beam).items():
                print(f"  {name:42} {value}")
        browser.close()


def measured(browser: Any, model: Path, file: str, n: int, beam: int) -> dict[str, Any]:
    """Return the figures of one model."""
    same = Translator(rounded(bundle.load(model)))
    pairs = readers.read_pairs(file, columns=evaluation.columns(same))
    pairs = list({(pair.source, pair.features): pair for pair in pairs}.values())[:n]
    sources, features = [pair.source for pair in pairs], [pair.features for pair in pairs]
    with tempfile.TemporaryDirectory() as folder:
        path = exporters.export_html(model, output=Path(folder) / "page.html").output
        small = Path(folder) / "small"
        bundle.save(small, bundle.load(model) if same.bundle.int8 else int8.rounded(bundle.load(model)))
        sizes = path.stat().st_size, bundle.weights_file(small).stat().st_size
        start = time.perf_counter()
        page = browser.new_page()
        page.goto(path.as_uri())
        opened = time.perf_counter()
        page.evaluate(ASK, [sources[:1], features[:1], beam])
        first = time.perf_counter()
        before = cpu_ms()
        found = page.evaluate(ASK, [sources, features, beam])
        used = cpu_ms() - before
        page.close()
    expected = same.answer(sources, features=features, options=Options(beam=beam))
    together = list(zip(expected, found["answers"], strict=True))
    return {
        "words": len(sources),
        "texts that differ": sum(answer.text != record["text"] for answer, record in together),
        "greatest difference of scores": greatest((a.hypotheses[0].score, r["score"]) for a, r in together),
        "greatest difference of confidences": greatest((a.confidence, r["confidence"]) for a, r in together),
        "page, MB": f"{sizes[0] / 1e6:.2f}",
        "page ÷ 8-bit weights": f"{sizes[0] / sizes[1]:.2f}",
        "from start to a page to type in, ms": f"{1e3 * (opened - start):.0f}",
        "from start to the first answer, ms": f"{1e3 * (first - start):.0f}",
        "a word, ms": f"{statistics.median(found['times']):.1f}",
        "a word, ms of cpu": f"{used / len(sources):.1f}",
    }


def greatest(values: Any) -> str:
    return f"{max((abs(a - b) for a, b in values if a is not None), default=0):.1e}"


def cpu_ms() -> float:
    """Return the processor time of all processes below this one; Linux."""
    found = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except OSError:  # it has ended
            continue
        found[int(status.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    ticks = {pid: own for pid, (_, own) in found.items() if descends(pid, os.getpid(), found)}
    return 1e3 * sum(ticks.values()) / os.sysconf("SC_CLK_TCK")


def descends(pid: int, root: int, processes: dict[int, tuple[int, int]]) -> bool:
    parent = processes[pid][0]
    return parent == root or (parent in processes and descends(parent, root, processes))


if __name__ == "__main__":
    main()
