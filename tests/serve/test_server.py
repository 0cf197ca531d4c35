"""The server, as its clients use it."""

import asyncio
import json
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from serving import Load, exchange, until

from seqwright.inference import Options, records, translator

WORDS = ["abc", "hgf", "", "abcabcab", "d", "zzz", "ab" * 40, "cab", "\U0001f600", "a\tb"]
NDJSON = "application/x-ndjson"
POST = b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
NEEDS_FORK = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="several workers need Linux")


@pytest.fixture(scope="module")
def loaded(server):
    return translator.load(server.model)


def expected(model, words, **options):
    return [records.encoded(answer) for answer in model.answer(words, options=Options(**options))]


def wrapped(lines):
    return b'{"answers":[' + b",".join(lines) + b"]}"


def is_problem(reply, status):
    assert reply.status == status, reply
    assert reply.headers["Content-Type"] == "application/problem+json"
    assert reply.json["status"] == status
    assert reply.json["detail"]


def test_answers_are_the_bytes_that_predict_writes(server):
    words = [word for word in WORDS if "\t" not in word]
    command = [sys.executable, "-m", "seqwright", "predict", str(server.model), "--json", "--n-best", "2", "--quiet"]
    lines = subprocess.run(command, input="\n".join(words).encode(), stdout=subprocess.PIPE, check=True).stdout
    assert server.post({"sources": words, "n_best": 2}).body == wrapped(lines.splitlines())


def test_concurrent_requests_with_several_options_have_the_answers_of_each_alone(server, loaded):
    kinds = [{"n_best": 2}, {"beam": 1}, {"sampling": True, "seed": 3}, {"length_penalty": 0.5, "n_best": 3}]
    asked = [(word, kind) for kind in kinds for word in WORDS]
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda one: server.post({"sources": [one[0]], **one[1]}), asked))
    assert [reply.body for reply in replies] == [wrapped(expected(loaded, [word], **kind)) for word, kind in asked]


def test_constraints_hold(server, loaded):
    reply = server.post({"sources": WORDS, "prefix": "ab", "max_length": 4})
    options = {"constraint": loaded.constraint(prefix="ab"), "max_length": 4}
    assert reply.body == wrapped(expected(loaded, WORDS, **options))
    assert all(one["text"].startswith("ab") for one in reply.json["answers"])


def test_attention_is_added_where_wanted(server):
    [answer] = server.post({"sources": ["abc"], "n_best": 2, "attention": True}).json["answers"]
    assert answer["source_tokens"] == ["a", "b", "c"]
    assert [len(one) for one in answer["attention"]] == [len(one["tokens"]) + 1 for one in answer["n_best"]]
    assert all(sum(row) == pytest.approx(1, abs=1e-3) for one in answer["attention"] for row in one)


def test_scores_are_those_of_the_library(server, loaded):
    pairs = {"sources": ["abc", "d"], "targets": ["cba", "é"]}
    assert server.post(pairs, "/v1/score").body == wrapped(
        [records.encoded(one) for one in loaded.score(pairs["sources"], pairs["targets"])]
    )


def test_a_streamed_body_has_a_record_or_a_problem_for_each_line_in_order(server, loaded):
    words = [f"{'abcdefgh'[i % 8]}{'abcdefgh'[i // 8 % 8]}" for i in range(600)]
    lines = [json.dumps(word if i % 2 else {"source": word}).encode() for i, word in enumerate(words)]
    lines[300] = b"{"
    lines[301] = json.dumps("a" * 20_000).encode()
    reply = server.post(b"\n".join(lines), "/v1/predict?n_best=2", Content_Type=NDJSON)
    assert reply.headers["Content-Type"] == NDJSON
    found, good = reply.body.splitlines(), [*words[:300], *words[302:]]
    assert found[:300] + found[302:] == expected(loaded, good, n_best=2)
    assert [json.loads(line)["status"] for line in found[300:302]] == [400, 422]


def test_a_json_body_is_answered_as_lines_where_the_client_accepts_them(server, loaded):
    reply = server.post({"sources": WORDS * 20}, Accept=NDJSON)
    assert reply.body.splitlines() == expected(loaded, WORDS * 20)


DEEP = b'{"sources": ' + b"[" * 100_000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"\xff\xfe", 400), (DEEP, 422), (b'{"x": ' * 100_000, 422), (b"[]", 422),
        ({}, 422), ({"sources": "abc"}, 422), ({"sources": [1]}, 422), ({"sources": ["a"], "bean": 1}, 422),
        ({"sources": ["a"], "beam": 0}, 422), ({"sources": ["a"], "beam": 10**9}, 422),
        ({"sources": ["a"], "beam": 10**30}, 422), ({"sources": ["a"], "temperature": 2}, 422),
        ({"sources": ["a"], "unknown": "?"}, 422), ({"sources": ["a"], "pattern": "("}, 422),
        ({"sources": ["a"], "prefix": "é"}, 422), ({"sources": ["a"], "one_of": []}, 422),
        ({"sources": ["a"], "unknown": "copy", "prefix": "a"}, 422), ({"sources": ["a"], "min_length": 5000}, 422),
        ({"sources": ["a"], "features": []}, 422), ({"sources": ["a"], "model": "other"}, 404),
        ({"sources": ["a" * 20_000]}, 422), ({"sources": ["a"] * 2_000}, 422),
        ({"sources": ["a" * 9_000] * 30}, 422), ({"sources": ["a" * 8_000_000]}, 413),
        (b'{"sources": ["\\ud800"]}', 400), ({"sources": ["a"], "min_confidence": 2}, 422),
        ({"sources": ["abc"], "length_penalty": 1e9}, 422), ({"sources": ["abc"], "length_penalty": -1}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_answered_is_refused_with_problem_details(server, body, status):
    is_problem(server.post(body), status)


@pytest.mark.parametrize(
    ("method", "path", "media_type", "status"),
    [
        ("POST", "/v1/predict", "text/plain", 415), ("GET", "/v1/predict", "application/json", 405),
        ("POST", "/v1/predict?beam=x", NDJSON, 422), ("POST", "/v1/predict?bean=1", NDJSON, 422),
        ("POST", "/v1/predict?n_best=2", "application/json", 422),
        ("GET", "/nothing", "application/json", 404), ("GET", "/assets/../app.py", "application/json", 404),
        ("GET", "/models/words/report", "application/json", 404),
    ],
)  # fmt: skip
def test_other_paths_methods_and_media_types_are_refused(server, method, path, media_type, status):
    is_problem(server.send(method, path, b"{}" if method == "POST" else None, Content_Type=media_type), status)


def test_no_sources_have_no_answers(server):
    assert server.post({"sources": []}).json == {"answers": []}


def test_no_request_but_one_with_the_token_is_answered(start):
    server = start(token="sesame")
    for headers in ({}, {"Authorization": "Bearer other"}, {"Authorization": "sesame"}, {"Authorization": "Bearer é"}):
        is_problem(server.post({"sources": ["a"]}, **headers), 401)
        is_problem(server.send("GET", "/models/words/report", **headers), 401)
    assert server.post({"sources": ["a"]}, Authorization="Bearer sesame").status == 200
    assert server.send("GET", "/health").status == 200


def test_models_health_readiness_figures_and_description_are_served(server):
    [card] = server.send("GET", "/v1/models").json["models"]
    assert (card["name"], card["source"]["n_symbols"]) == ("words", 8)
    assert str(server.model.parent) not in json.dumps(card)
    assert server.send("GET", "/health").status == server.send("GET", "/ready").status == 200
    assert b'seqwright_requests_total{path="/v1/models",status="200"}' in server.send("GET", "/metrics").body
    document = server.send("GET", "/openapi.json").json
    named = {part.rpartition("/")[2] for part in found_references(document)}
    assert named <= set(document["components"]["schemas"])
    assert {"/v1/predict", "/v1/score", "/v1/models"} <= set(document["paths"])


def found_references(document):
    if isinstance(document, dict):
        for key, value in document.items():
            yield from [value] if key == "$ref" else found_references(value)
    elif isinstance(document, list):
        for value in document:
            yield from found_references(value)


def test_a_full_queue_refuses_with_429_and_says_when_to_come_back(start, loaded):
    server = start(queued=2, batch_delay_s=1.0)
    with ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: server.post({"sources": ["abc"]}), range(12)))
    refused = [reply for reply in replies if reply.status != 200]
    assert 0 < len(refused) < 12
    for reply in refused:
        is_problem(reply, 429)
        assert reply.headers["Retry-After"] == "1"
    answer = wrapped(expected(loaded, ["abc"]))
    assert {reply.body for reply in replies if reply.status == 200} == {answer}
    assert server.post({"sources": ["abc"]}).body == answer


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=NEEDS_FORK)])
def test_above_its_capacity_a_server_answers_or_refuses_every_request_and_goes_on(start, loaded, workers):
    server = start(queued=3, workers=workers)
    answer = wrapped(expected(loaded, WORDS))
    with ThreadPoolExecutor(24) as pool:
        replies = list(pool.map(lambda _: server.post({"sources": WORDS}), range(300)))
    refused = [reply for reply in replies if reply.status != 200]
    assert 0 < len(refused) < 300
    assert {reply.status for reply in refused} == {429}
    assert {reply.body for reply in replies if reply.status == 200} == {answer}
    assert [server.post({"sources": WORDS}).body for _ in range(10)] == [answer] * 10
    queued = [line for line in server.send("GET", "/metrics").body.splitlines() if line.startswith(b"seqwright_queued")]
    assert queued
    assert all(line.endswith(b" 0.0") for line in queued)


def test_an_answer_that_takes_too_long_is_a_problem(start):
    server = start(batch_delay_s=2.0, request_s=0.2)
    is_problem(server.post({"sources": ["abc"]}), 503)


def test_slow_and_vanished_clients_and_malformed_requests_do_not_keep_others_waiting(start):
    server = start(idle_s=1.0)
    slow = [socket.create_connection(("127.0.0.1", server.port), 20) for _ in range(20)]
    for one in slow:
        one.sendall(POST % 100 + b"{")
    with socket.create_connection(("127.0.0.1", server.port), 20) as wrong:
        wrong.sendall(b"\x00\x01 nonsense\r\n\r\n")
        assert wrong.recv(100).startswith(b"HTTP/1.1 400")
    assert server.post({"sources": ["abc"]}).status == 200
    for one in slow[:10]:
        one.close()
    for one in slow[10:]:
        assert one.recv(100).startswith(b"HTTP/1.1 408")
        one.close()
    assert server.post({"sources": ["abc"]}).status == 200


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=NEEDS_FORK)])
@pytest.mark.parametrize("kept", [True, False], ids=["connections are kept", "each request connects"])
def test_sigterm_under_load_loses_no_request(start, loaded, kept, workers):
    server = start(workers=workers, drain_s=0.5)
    load = Load(server, 8, kept=kept)
    until(lambda: len(load.replies) > 40)
    assert server.end() == 0
    load.end()
    assert load.errors == []
    assert load.n_refused > 0, "connections must come until the last moment"
    assert {reply.status for reply in load.replies} <= {200, 503}
    answer = wrapped(expected(loaded, ["abc", "hg"]))
    assert {reply.body for reply in load.replies if reply.status == 200} == {answer}


def test_a_server_without_clients_ends_at_once(start):
    server = start(drain_s=30.0, last_s=30.0)
    begin = time.monotonic()
    assert server.end() == 0
    assert time.monotonic() - begin < 5


def test_requests_are_answered_while_connections_still_come_but_the_server_is_not_ready(start):
    server = start(drain_s=30.0)
    load = Load(server, 1, kept=False)
    server.process.send_signal(signal.SIGTERM)
    until(lambda: server.send("GET", "/ready").status == 503)
    n = len(load.replies)
    until(lambda: len(load.replies) > n + 20)
    last = load.replies[-1]
    assert (last.status, last.headers["Connection"]) == (200, "close")
    load.end()
    assert load.n_refused == 0
    assert server.process.wait(30) == 0


def test_a_second_sigterm_ends_the_server_whatever_is_under_way(start):
    server = start(batch_delay_s=20.0, drain_s=30.0)
    with socket.create_connection(("127.0.0.1", server.port), 20) as waiting:
        body = b'{"sources": ["abc"]}'
        waiting.sendall(POST % len(body) + body)
        until(lambda: b"seqwright_queued_searches 1.0" in server.send("GET", "/metrics").body)
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.send("GET", "/ready").status == 503)
        assert server.end() == 0
        assert b" 200 " not in waiting.recv(100)


def test_a_request_on_an_idle_connection_during_the_shutdown_is_refused_not_cut(start):
    server = start(last_s=3.0)
    idle = [server.connect() for _ in range(3)]
    for one in idle:
        assert exchange(one, "GET", "/ready").status == 200
    server.process.send_signal(signal.SIGTERM)
    until(lambda: not accepts(server))
    for one in idle:
        is_problem(exchange(one, "POST", "/v1/predict", {"sources": ["abc"]}), 503)
        one.close()
    assert server.process.wait(30) == 0


def accepts(server):
    try:
        return server.send("GET", "/ready").status == 503
    except ConnectionRefusedError:
        return False


def test_small_responses_are_sent_at_once():
    """asyncio switches Nagle's algorithm off where it knows the protocol of the socket."""
    from seqwright.serve import listener

    with listener.listening("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP


def test_what_is_written_in_one_turn_is_sent_together_and_all_before_the_end():
    from seqwright.serve.transport import MOST_JOINED, Joined

    sent = []

    class Transport:
        def write(self, data):
            sent.append(data)

        def close(self):
            sent.append("closed")

        def is_closing(self):
            return "closed" in sent

    async def write():
        joined = Joined(Transport())
        joined.write(b"head ")
        joined.write(b"body")
        assert sent == []
        await asyncio.sleep(0)
        assert sent == [b"head body"]
        joined.write(b"a" * MOST_JOINED)
        joined.write(b"b")
        assert sent[1:] == [b"a" * MOST_JOINED + b"b"]  # no more is held than the transport would
        joined.write(b"last")
        joined.close()
        assert sent[2:] == [b"last", "closed"]
        assert joined.is_closing()

    asyncio.run(write())


def test_a_model_is_replaced_under_load_without_a_lost_request_and_stays_where_the_new_one_is_damaged(start, other):
    server = start()
    old = server.post({"sources": ["abc", "hg"]}).body
    new = wrapped(expected(translator.load(other), ["abc", "hg"]))
    assert old != new
    load = Load(server)
    translator.load(other).save(server.model, overwrite=True)
    until(lambda: any(reply.body == new for reply in load.replies))
    (server.model / "model.safetensors").write_bytes(b"damaged")
    (server.model / "config.json").touch()
    assert b"loaded words anew" in server.process.stderr.readline()
    assert b"words stays as it is" in server.process.stderr.readline()
    n = len(load.replies)
    until(lambda: len(load.replies) > n + 10)
    load.end()
    assert load.errors == []
    assert {(reply.status, reply.body) for reply in load.replies} == {(200, old), (200, new)}
    assert load.replies[-1].body == new


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGHUP")
def test_sighup_loads_the_models_again(start):
    server = start()
    server.process.send_signal(signal.SIGHUP)
    assert b"loaded words anew" in server.process.stderr.readline()
    assert server.post({"sources": ["abc"]}).status == 200


def test_a_port_that_is_taken_and_names_that_are_equal_are_misuse(server, trained):
    for arguments in (["--port", str(server.port)], [str(trained), "--port", "0"]):
        command = [sys.executable, "-m", "seqwright", "serve", str(trained), *arguments]
        done = subprocess.run(command, capture_output=True, timeout=30, check=False)
        assert (done.returncode, done.stderr.count(b"\n")) == (2, 1), done


@pytest.mark.parametrize("sent", [b"", b"POST /v1/predict HTTP/1.1\r\nHost:"], ids=["nothing", "half a head"])
def test_a_connection_without_a_request_is_closed_after_a_while(start, sent):
    server = start(idle_s=0.5)
    with socket.create_connection(("127.0.0.1", server.port), 20) as silent:
        silent.sendall(sent)
        assert silent.recv(100) == b""
    connection = server.connect()
    assert exchange(connection, "GET", "/health").status == 200
    time.sleep(0.7)
    assert exchange(connection, "GET", "/health").status == 200  # after its first request it may be idle for longer
    connection.close()


def test_clients_that_vanish_leave_no_trace_in_the_log(start):
    server = start(batch_delay_s=2.0)
    body = b'{"sources": ["abc"]}'
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", server.port), 20) as one:
            one.sendall(POST % len(body) + body)
            time.sleep(0.1)
    counted = b'seqwright_requests_total{path="/v1/predict",status="499"} 5.0'
    until(lambda: counted in server.send("GET", "/metrics").body)
    server.process.send_signal(signal.SIGTERM)
    assert server.process.communicate(timeout=30)[1] == b""
