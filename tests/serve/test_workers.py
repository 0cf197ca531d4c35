"""Several workers at one socket."""

import os
import re
import signal
import sys
from pathlib import Path

import pytest
from serving import Load, exchange, until

from seqwright.inference import records, translator

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="workers are found in /proc, which Linux has"
)


def workers_of(server):
    pid = server.process.pid
    return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()))


def figures(server):
    text = server.send("GET", "/metrics").body.decode()
    return {name: float(value) for name, value in re.findall(r"^(seqwright_\S+) (\S+)$", text, re.M)}


def expected(model, words):
    return b'{"answers":[' + b",".join(map(records.encoded, translator.load(model).answer(words))) + b"]}"


def test_a_killed_worker_is_replaced_while_the_others_answer(start):
    server = start(workers=3)
    before = workers_of(server)
    assert len(before) == 3
    os.kill(min(before), signal.SIGKILL)
    assert re.match(rb"seqwright: worker \d+ ended by SIGKILL; another", server.process.stderr.readline())
    answer = expected(server.model, ["abc"])
    assert {server.post({"sources": ["abc"]}).body for _ in range(12)} == {answer}
    until(lambda: len(workers_of(server)) == 3)
    assert len(workers_of(server) & before) == 2
    assert server.end() == 0


def test_the_figures_are_those_of_all_workers_also_of_dead_ones(start):
    server = start(workers=3)
    for _ in range(20):
        assert server.post({"sources": ["abc"]}).status == 200
    name = 'seqwright_requests_total{path="/v1/predict",status="200"}'
    assert figures(server)[name] == 20
    for pid in workers_of(server):
        os.kill(pid, signal.SIGKILL)
        assert b"SIGKILL" in server.process.stderr.readline()
    until(lambda: len(workers_of(server)) == 3)
    found = figures(server)
    assert found[name] == 20
    assert found['seqwright_request_seconds_count{path="/v1/predict"}'] == 20


@pytest.mark.parametrize("kept", [True, False], ids=["connections are kept", "each request connects"])
def test_a_model_is_replaced_under_load_by_new_workers_without_a_lost_request(start, other, kept):
    server = start(workers=2)
    before, old = workers_of(server), expected(server.model, ["abc", "hg"])
    load, idle = Load(server, kept=kept), [server.connect() for _ in range(6)]
    for one in idle:
        assert exchange(one, "GET", "/ready").status == 200
    translator.load(other).save(server.model, overwrite=True)
    new = expected(server.model, ["abc", "hg"])
    assert b"loaded words anew" in server.process.stderr.readline()
    until(lambda: len(workers_of(server)) == 4)
    until(lambda: load.replies[-1].body == new)
    n = len(load.replies)
    until(lambda: len(load.replies) > n + 200)
    # Workers that have retired take no new connection, but answer once more on each open one, and end then.
    assert {reply.body for reply in load.replies[n + 100 :]} == {new}
    for one in idle:
        reply = exchange(one, "POST", "/v1/predict", {"sources": ["abc", "hg"]})
        assert (reply.status, reply.body, reply.headers["Connection"]) == (200, old, "close")
    until(lambda: not workers_of(server) & before, seconds=5)
    load.end()
    assert (load.errors, load.n_refused) == ([], 0)
    assert {reply.status for reply in load.replies} == {200}
    assert figures(server)["seqwright_model_loads"] == 2


def test_the_files_of_figures_do_not_grow_with_the_workers_that_have_ended(start, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    server = start(workers=2)
    answered = 'seqwright_requests_total{path="/v1/predict",status="200"}'
    sizes = []
    for n in range(1, 6):
        assert server.post({"sources": ["abc"]}).status == 200
        assert figures(server)[answered] == n
        before = workers_of(server)
        server.process.send_signal(signal.SIGHUP)
        assert b"loaded words anew" in server.process.stderr.readline()
        until(lambda before=before: len(workers_of(server)) == 2 and not workers_of(server) & before)
        sizes.append(len(list(tmp_path.glob("seqwright-*/*.db"))))
    assert max(sizes) <= 4 * 4, sizes  # counters, histograms and two kinds of gauges of at most four workers
    os.kill(min(workers_of(server)), signal.SIGKILL)
    assert b"SIGKILL" in server.process.stderr.readline()
    until(lambda: len(workers_of(server)) == 2)
    assert figures(server)[answered] == 5


def test_sighup_starts_new_workers_and_sigterm_ends_all(start):
    server = start(workers=2)
    before = workers_of(server)
    server.process.send_signal(signal.SIGHUP)
    assert b"loaded words anew" in server.process.stderr.readline()
    until(lambda: len(workers_of(server)) == 2 and not workers_of(server) & before)
    load = Load(server)
    until(lambda: len(load.replies) > 20)
    last = workers_of(server)
    for pid in last:  # as systemd and terminals do; the supervisor alone acts on it
        os.kill(pid, signal.SIGTERM)
    assert server.end() == 0
    load.end()
    assert load.errors == []
    assert not any(map(alive, last))


def test_workers_end_when_the_supervisor_is_killed(start):
    server = start(workers=2)
    pids = workers_of(server)
    server.process.kill()
    until(lambda: not any(map(alive, pids)))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").split()[2] != "Z"
    except OSError:
        return False
