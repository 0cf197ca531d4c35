"""A running server, and requests to it."""

import http.client
import json
import signal
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest


class Reply(NamedTuple):
    """A response that was read to its end."""

    status: int
    headers: Any
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A running server.   model: the directory that it serves."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, model: Path) -> None:
        self.process, self.port, self.model = process, port, model

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Send one request on a connection of its own; a body that is no bytes is sent as JSON."""
        connection = self.connect()
        try:
            return exchange(connection, method, path, body, **headers)
        finally:
            connection.close()

    def post(self, body: Any, path: str = "/v1/predict", **headers: str) -> Reply:
        return self.send("POST", path, body, **headers)

    def end(self) -> int:
        """Send SIGTERM and return the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)


def exchange(connection: http.client.HTTPConnection, method: str, path: str, body: Any = None, **headers: str) -> Reply:
    """Send a request on an open connection."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
    if body is not None:
        named.setdefault("Content-Type", "application/json")
    connection.request(method, path, body, named)
    response = connection.getresponse()
    return Reply(response.status, response.headers, response.read())


class Load:
    """Threads that send one request after the other, each until one is not answered 200 or it cannot connect.

    kept: whether connections are, as long as the server does.   errors: of requests that were sent, not of connecting.
    n_refused: threads that could not connect.
    """

    def __init__(self, server, n_threads=4, *, kept=True):
        self.server, self.kept, self.replies, self.errors, self.n_refused, self._end = server, kept, [], [], 0, False
        self.threads = [threading.Thread(target=self._run, daemon=True) for _ in range(n_threads)]
        for thread in self.threads:
            thread.start()

    def _run(self):
        connection = self.server.connect()
        try:
            while not self._end:
                if connection.sock is None and not self._connected(connection):
                    return
                reply = exchange(connection, "POST", "/v1/predict", {"sources": ["abc", "hg"]})
                self.replies.append(reply)
                if reply.status != 200:
                    return
                if not self.kept:
                    connection.close()
        except (OSError, http.client.HTTPException) as error:
            self.errors.append(error)
        finally:
            connection.close()

    def _connected(self, connection):
        try:
            connection.connect()
        except OSError:
            self.n_refused += 1
            return False
        return True

    def end(self):
        self._end = True
        for thread in self.threads:
            thread.join(30)


def until(condition, *, seconds=20):
    for _ in range(seconds * 20):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen in time")
