"""`seqwright serve` under load, on loopback: rate, latency, overload, its end, a swap of models, a killed worker.

    python -m benchmarks.serve MODEL                        everything, about three minutes
    python -m benchmarks.serve MODEL --only rate,latency
    python -m benchmarks.serve MODEL --only soak --seconds 3600

Client and server share the cores, as they do in the in-process rate that the server's is compared with. With wrk in the
path, that is the client of the closed loop, because it leaves the server the most of the machine; otherwise `load`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks import load, machine
from seqwright import provenance
from seqwright.inference import Options, records, translator

BEAM, CONNECTIONS = 5, 64
WRK = """
local bodies = { %s }
local i = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
request = function() i = i %% #bodies + 1; return wrk.format(nil, "/v1/predict", nil, bodies[i]) end
"""


class Server:
    """`seqwright serve` as a process; use it as a context."""

    def __init__(self, model: Path, *, workers: int = 1) -> None:
        self.model, self.begin_s = model, time.perf_counter()
        command = [sys.executable, "-m", "seqwright", "serve", str(model), "--port", "0", "--workers", str(workers)]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = re.search(r":(\d+)/", line)
        assert found, line
        self.port = int(found[1])

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def pids(self) -> list[int]:
        """Return the process and those that it has started."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        return [pid, *map(int, children)]

    def resident_mb(self) -> float:
        """Return the memory of all processes, what they share counted once."""
        return sum(proportional_kb(pid) for pid in self.pids()) / 1024

    def cpu_s(self) -> float:
        """Return the processor time that all processes have used."""
        fields = [
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split() for pid in self.pids()
        ]
        return sum(int(own[11]) + int(own[12]) for own in fields) / os.sysconf("SC_CLK_TCK")

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def proportional_kb(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0  # it has just ended
    return int(re.findall(r"^Pss:\s+(\d+)", text, re.M)[0])


class Task:
    """A model, words, and what the server must answer to each."""

    def __init__(self, model: Path) -> None:
        self.model, self.translator = model, translator.load(model)
        found = provenance.dev_pairs(self.translator.bundle, model)
        if not found.pairs:
            raise SystemExit(f"the model's words are not to be found: {found.missing}")
        self.words = [pair.source for pair in found.pairs][:400]
        self.requests = load.encoded(self.words, beam=BEAM)
        answers = self.translator.answer(self.words, options=Options(beam=BEAM))
        bodies = [b'{"answers":[' + records.encoded(one) + b"]}" for one in answers]
        self.expected = dict(zip(self.requests, bodies, strict=True))

    def rate_in_process(self, seconds: float) -> float:
        """Return the words a second that one call after the other answers, with their records."""
        words = random.Random(1).sample(self.words, len(self.words))
        begin, n = time.perf_counter(), 0
        while time.perf_counter() - begin < seconds:
            for answer in self.translator.answer(words, options=Options(beam=BEAM)):
                records.encoded(answer)
            n += len(words)
        return n / (time.perf_counter() - begin)

    def rate_of(self, server: Server, seconds: float) -> tuple[float, load.Outcome | None]:
        """Return the requests a second of 64 connections, and their outcome where our own client sent them."""
        if wrk := shutil.which("wrk"):
            return self._rate_by_wrk(wrk, server, seconds), None
        run = load.closed(server.port, self.requests, connections=CONNECTIONS, seconds=seconds, expected=self.expected)
        outcome = asyncio.run(run)
        return outcome.statuses["200"] / outcome.seconds, outcome

    def _rate_by_wrk(self, wrk: str, server: Server, seconds: float) -> float:
        with tempfile.NamedTemporaryFile("w", suffix=".lua", encoding="utf-8") as script:
            bodies = ", ".join(f"[==[{json.dumps({'sources': [word], 'beam': BEAM})}]==]" for word in self.words)
            script.write(WRK % bodies)
            script.flush()
            command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", script.name]
            found = subprocess.run(
                [*command, f"http://127.0.0.1:{server.port}"], capture_output=True, text=True, check=True
            )
        assert "Non-2xx" not in found.stdout, found.stdout
        assert "Socket errors" not in found.stdout, found.stdout
        return float(re.findall(r"Requests/sec:\s+([\d.]+)", found.stdout)[0])


def rate(task: Task, seconds: float, workers: int) -> Iterator[dict[str, Any]]:
    """Yield the rate of the server beside that of this process, in turns."""
    pairs, cpu = [], []
    with Server(task.model, workers=workers) as server:
        task.rate_of(server, 1)
        for _ in range(max(3, min(9, round(seconds / 4)))):
            before = time.process_time()
            inside = task.rate_in_process(2)
            used, before = time.process_time() - before, server.cpu_s()
            outside, outcome = task.rate_of(server, 2)
            pairs.append((outside / inside, inside, outside))
            cpu.append((used / (2 * inside), (server.cpu_s() - before) / (2 * outside)))
            assert outcome is None or outcome.wrong == 0
        check = load.closed(server.port, task.requests, connections=8, seconds=1, expected=task.expected)
        wrong = asyncio.run(check).wrong
    ratios, inside, outside = zip(*pairs, strict=True)
    cpu_inside, cpu_outside = (1000 * statistics.median(some) for some in zip(*cpu, strict=True))
    yield {
        "figure": f"{CONNECTIONS} connections, words a second", "workers": workers,
        "in process": round(statistics.median(inside)), "server": round(statistics.median(outside)),
        "ratio": round(statistics.median(ratios), 3), "least": round(min(ratios), 3), "most": round(max(ratios), 3),
        "processor ms a word": round(cpu_inside, 3), "of the server": round(cpu_outside, 3),
        "client": "wrk" if shutil.which("wrk") else "own", "other bytes than predict's": wrong,
    }  # fmt: skip


def latency(task: Task, seconds: float, workers: int) -> Iterator[dict[str, Any]]:
    """Yield the latencies at half of the greatest rate, and of one client alone."""
    with Server(task.model, workers=workers) as server:
        most, _ = task.rate_of(server, 3)
        run = load.open_(server.port, task.requests, rate=most / 2, seconds=seconds, expected=task.expected)
        yield figures(f"at half of {most:.0f} a second", asyncio.run(run)) | {"workers": workers}
        alone = load.closed(server.port, task.requests, connections=1, seconds=2, expected=task.expected)
        yield figures("one client alone", asyncio.run(alone)) | {"workers": workers}


def figures(name: str, outcome: load.Outcome) -> dict[str, Any]:
    return {
        "figure": name, "p50 ms": round(outcome.latency_ms(0.5), 1), "p99 ms": round(outcome.latency_ms(0.99), 1),
        "seconds": round(outcome.seconds), "statuses": dict(outcome.statuses), "other bytes": outcome.wrong,
    }  # fmt: skip


def overload(task: Task, seconds: float, workers: int) -> Iterator[dict[str, Any]]:
    """Yield what becomes of twice as many requests as can be answered, and the latency within the second after."""
    with Server(task.model, workers=workers) as server:
        most, _ = task.rate_of(server, 3)
        before = server.resident_mb()
        peaks: list[float] = []

        async def both() -> load.Outcome:
            sending = asyncio.create_task(
                load.open_(server.port, task.requests, rate=2 * most, seconds=seconds, expected=task.expected)
            )
            while not sending.done():
                await asyncio.sleep(0.5)
                peaks.append(server.resident_mb())
            return sending.result()

        outcome = asyncio.run(both())
        after = asyncio.run(load.closed(server.port, task.requests, connections=1, seconds=1, expected=task.expected))
        yield figures(f"twice {most:.0f} a second", outcome) | {
            "workers": workers, "MB before": round(before), "half way": round(peaks[len(peaks) // 2]),
            "most": round(max(peaks)), "after": round(server.resident_mb()),
        }  # fmt: skip
        yield figures("one client in the second after", after) | {"workers": workers}


def events(task: Task, seconds: float, workers: int) -> Iterator[dict[str, Any]]:
    """Yield what becomes of requests while models are swapped, a worker is killed, and the server is ended."""
    names = {"swap of the model": swap, "SIGTERM": end} | ({"kill -9 of a worker": kill_worker} if workers > 1 else {})
    for name, event in names.items():
        with tempfile.TemporaryDirectory() as folder:
            model = Path(shutil.copytree(task.model, Path(folder) / "model"))
            with Server(model, workers=workers) as server:
                outcome, note = asyncio.run(during(task, server, min(seconds, 6), event))
        yield {
            "figure": name, "workers": workers, "statuses": dict(outcome.statuses), "other bytes": outcome.wrong,
        } | note  # fmt: skip


async def during(
    task: Task, server: Server, seconds: float, event: Callable[[Server], dict[str, Any]]
) -> tuple[load.Outcome, dict[str, Any]]:
    """Return the outcome of a closed loop during which something happens."""
    run = load.closed(server.port, task.requests, connections=16, seconds=seconds, expected=task.expected)
    sending = asyncio.create_task(run)
    await asyncio.sleep(seconds / 3)
    note = await asyncio.to_thread(event, server)
    return await sending, note


def swap(server: Server) -> dict[str, Any]:
    """Write the same model again, which another one would be to the server: the answers stay comparable."""
    translator.load(server.model).save(server.model, overwrite=True)
    begin = time.perf_counter()
    assert server.process.stderr is not None
    line = server.process.stderr.readline()
    return {"said": line.strip(), "seconds": round(time.perf_counter() - begin, 2)}


def kill_worker(server: Server) -> dict[str, Any]:
    before = server.pids()
    begin = time.perf_counter()
    os.kill(before[1], signal.SIGKILL)
    while len(set(server.pids()) - set(before)) < 1:
        time.sleep(0.001)
    return {"replaced after ms": round(1000 * (time.perf_counter() - begin))}


def end(server: Server) -> dict[str, Any]:
    begin = time.perf_counter()
    return {"exit code": server.end(), "seconds": round(time.perf_counter() - begin, 2)}


def start(task: Task, _seconds: float, workers: int) -> Iterator[dict[str, Any]]:
    """Yield the time from the start to the first answer, of the server and of `predict`, in turns."""
    command = [sys.executable, "-m", "seqwright", "predict", str(task.model), "--quiet"]
    ours, others = [], []
    for _ in range(5):
        with Server(task.model, workers=workers) as server:
            ours.append(time.perf_counter() - server.begin_s)
        begin = time.perf_counter()
        subprocess.run(command, input=task.words[0].encode(), stdout=subprocess.PIPE, check=True)
        others.append(time.perf_counter() - begin)
    yield {
        "figure": "start, seconds (median of 5)", "workers": workers,
        "serve accepts": round(statistics.median(ours), 2),
        "predict has answered": round(statistics.median(others), 2),
    }  # fmt: skip


def soak(task: Task, seconds: float, workers: int) -> Iterator[dict[str, Any]]:
    """Yield the memory in twelve parts of a long run at half of the greatest rate, with a swap in each."""
    with tempfile.TemporaryDirectory() as folder:
        model = Path(shutil.copytree(task.model, Path(folder) / "model"))
        with Server(model, workers=workers) as server:
            most, _ = task.rate_of(server, 3)
            for part in range(12):
                run = load.open_(
                    server.port, task.requests, rate=most / 2, seconds=seconds / 12, expected=task.expected
                )
                yield figures(f"part {part + 1}", asyncio.run(run)) | {"MB": round(server.resident_mb())}
                server.process.send_signal(signal.SIGHUP)


SCENARIOS = {"start": start, "rate": rate, "latency": latency, "overload": overload, "events": events, "soak": soak}


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, run the scenarios, print a JSON object for each figure."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serve", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--only", default="start,rate,latency,overload,events", help=", ".join(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=20, help="of each scenario; the overload that counts is 60")
    parser.add_argument("--workers", default="1", help="numbers of workers: 1,2")
    options = parser.parse_args(arguments)
    task = Task(options.model)
    print(json.dumps(machine.facts()), flush=True)
    for name in options.only.split(","):
        for workers in map(int, options.workers.split(",")):
            neighbours = machine.Neighbours()
            for row in SCENARIOS[name](task, options.seconds, workers):
                print(
                    json.dumps(row | {"neighbours": round(neighbours.share() or 0, 2)}, ensure_ascii=False), flush=True
                )


if __name__ == "__main__":
    main()
