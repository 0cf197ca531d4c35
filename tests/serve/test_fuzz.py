"""Requests that no client should send: whatever comes, the server answers it or says what is wrong, and goes on.

SEQWRIGHT_FUZZ=5000 sets the number of requests; the server's memory must not grow with it.
"""

import http.client
import json
import os
import re
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from serving import exchange

N_REQUESTS = int(os.environ.get("SEQWRIGHT_FUZZ", "300"))
MOST_GROWTH_MB = 60
REFUSALS = {400, 401, 404, 405, 408, 413, 415, 422, 429}
HOSTILE = [
    "", "a", "é", "\x00", "\u202e", "\u0301" * 50, "😀" * 20,
    "\ud7b0\u1100\u1161", "a\tb\nc", " " * 40, "<pad>", "\ufeff",
]  # fmt: skip
TEXT = st.one_of(st.text(max_size=40), st.sampled_from([*HOSTILE, "abc", "hgf" * 20, "ab" * 400]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=12,
)  # fmt: skip
INTEGERS = st.integers(-2, 40) | st.integers()
NUMBERS = st.floats(-1, 3) | st.floats(allow_nan=False, allow_infinity=False)
SLOW = settings(max_examples=N_REQUESTS, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def values(schema, schemas):
    """Return a strategy of what a schema of the description allows, as far as its type says."""
    if "$ref" in schema:
        return values(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "anyOf" in schema:
        return st.one_of([values(one, schemas) for one in schema["anyOf"]])
    kind = schema.get("type")
    if kind == "object":
        required = schema.get("required", [])
        known = {name: mostly(values(one, schemas)) for name, one in schema.get("properties", {}).items()}
        optional = {name: one for name, one in known.items() if name not in required}
        return st.fixed_dictionaries({name: known[name] for name in required}, optional=optional)
    if kind == "array":
        return st.lists(values(schema.get("items", {}), schemas), max_size=5)
    of_kind = {
        "string": TEXT,
        "integer": st.integers(-2, 40) | st.integers(),
        "number": NUMBERS,
        "boolean": st.booleans(),
    }
    return of_kind.get(kind, st.none() if kind == "null" else JSON)


def mostly(strategy):
    """Return a strategy that sometimes yields any JSON instead."""
    return st.integers(0, 19).flatmap(lambda n: JSON if n == 0 else strategy)


def requests_of(document):
    """Return a strategy of (method, path, body, media type)."""
    schemas = document["components"]["schemas"]
    bodies = {"/v1/predict": "PredictRequest", "/v1/score": "ScoreRequest", "/v1/continue": "ContinueRequest"}
    posts = [st.tuples(st.just("POST"), st.just(path), sparse(values(schemas[name], schemas)).map(as_json),
                       st.just("application/json")) for path, name in bodies.items()]  # fmt: skip
    lines = st.lists(st.one_of(TEXT, JSON).map(as_json), max_size=6).map(b"\n".join)
    paths = st.sampled_from(["/v1/predict", "/v1/predict?n_best=3", "/v1/predict?beam=0"])
    streamed = st.tuples(st.just("POST"), paths, lines, st.just("application/x-ndjson"))
    any_path = st.sampled_from([*document["paths"], "/", "/api"])
    kinds = st.sampled_from(["application/json", "text/plain", "", "é"])
    raw = st.tuples(st.sampled_from(["POST", "PUT", "GET", "DELETE"]), any_path, st.binary(max_size=60), kinds)
    return st.one_of(*posts, streamed, raw)


def sparse(objects):
    """Return objects of which few members are left: with all of them each request would be refused for one."""
    return st.tuples(objects, st.integers(0, 3), st.randoms(use_true_random=False)).map(lambda drawn: thinned(*drawn))


def thinned(found, n, rng):
    kept = set(rng.sample(sorted(found), min(n, len(found)))) | {"sources", "targets", "source", "tokens"}
    found = {name: value for name, value in found.items() if name in kept}
    sources, targets = found.get("sources"), found.get("targets")
    if isinstance(sources, list) and isinstance(targets, list) and rng.random() < 0.9:
        found["targets"] = [*targets, *sources][: len(sources)]  # with another number each would be refused
    return found


def as_json(value):
    return json.dumps(value).encode("utf-8", "replace")


def resident_mb(pid):
    if not sys.platform.startswith("linux"):
        return 0.0
    text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(re.findall(r"VmRSS:\s+(\d+)", text)[0]) / 1024


def test_no_request_is_answered_with_500_or_makes_the_server_grow(server):
    document = server.send("GET", "/openapi.json").json
    connection, statuses, sizes = server.connect(), [], []

    @SLOW
    @given(requests_of(document))
    def send(request):
        method, path, body, media_type = request
        path = path.replace("{name}", "words")
        try:
            reply = exchange(connection, method, path, body, Content_Type=media_type.encode("utf-8"))
        except (
            OSError,
            http.client.HTTPException,
        ):  # closed after a body that was not wanted, or after some idle seconds
            connection.close()
            reply = exchange(connection, method, path, body, Content_Type=media_type.encode("utf-8"))
        assert reply.status == 200 or reply.status in REFUSALS, (request, reply)
        if reply.status != 200:
            assert reply.headers["Content-Type"] == "application/problem+json", (request, reply)
        statuses.append(reply.status)
        if len(statuses) % 100 == 0:
            sizes.append(resident_mb(server.process.pid))

    send()
    connection.close()
    assert statuses.count(200) > len(statuses) // 10, "most requests must be answerable, or they test little"
    assert sizes[-1] - sizes[0] < MOST_GROWTH_MB, sizes


POST = b"POST /v1/predict HTTP/1.1\r\nHost: x\r\n"
CLOSE = b"Host: x\r\nConnection: close\r\n\r\n"
MALFORMED = [
    b"\x00" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET / HTTP/1.1\r\nHost: " + b"x" * 70_000 + b"\r\n\r\n", POST + b"Content-Length: -1\r\n\r\n",
    POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"GET /%zz%00 HTTP/1.1\r\n" + CLOSE,
    b"GET /assets/..%2f..%2fapp.py HTTP/1.1\r\n" + CLOSE, b"OPTIONS * HTTP/1.1\r\n" + CLOSE,
]  # fmt: skip


@pytest.mark.parametrize("sent", MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_http_is_refused_or_the_connection_closed(server, sent):
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.settimeout(1)
        try:
            connection.sendall(sent)
            found = connection.recv(200)
        except TimeoutError:
            found = b""  # it waits for the rest, with a bound
        except OSError:
            found = b""
    assert found == b"" or re.match(rb"HTTP/1\.1 [24]\d\d", found), found
    assert server.post({"sources": ["abc"]}).status == 200


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_of_100_mb_is_refused_without_being_held(server, chunked):
    before, part = resident_mb(server.process.pid), b" " * (1 << 20)
    head = b"Transfer-Encoding: chunked" if chunked else b"Content-Length: %d" % (100 << 20)
    with socket.create_connection(("127.0.0.1", server.port), 20) as connection:
        connection.sendall(
            b"POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n" + head + b"\r\n\r\n"
        )
        found = b""
        try:
            for _ in range(100):
                connection.sendall(b"100000\r\n" + part + b"\r\n" if chunked else part)
            connection.sendall(b"0\r\n\r\n" if chunked else b"")
            found = connection.recv(100)
        except OSError:  # it has closed the connection meanwhile, which a client may not be able to read from then
            found = b"HTTP/1.1 413"
    assert found.startswith(b"HTTP/1.1 413"), found
    assert resident_mb(server.process.pid) - before < 20
    assert server.post({"sources": ["abc"]}).status == 200
