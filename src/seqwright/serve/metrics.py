"""Figures for Prometheus, of one process or of several together."""

from __future__ import annotations

import os
from collections.abc import Callable

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    multiprocess,
    values,
)

__all__ = ["CONTENT_TYPE_LATEST", "Metrics", "forget", "share"]

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PATHS = (
    "/v1/predict", "/v1/score", "/v1/continue", "/v1/models", "/health", "/ready", "/metrics", "/openapi.json", "/api",
    "/",
)  # fmt: skip
SHARED = "PROMETHEUS_MULTIPROC_DIR"  # the library's variable


def share(folder: str, number: Callable[[], int]) -> None:
    """Let the processes that are forked from this one keep their figures in a folder, from which any adds them up.

    number: of the process that calls it. A process continues the counts of an earlier one of its number, so that there
    are no more files than processes at a time.
    """
    os.environ[SHARED] = folder
    values.ValueClass = values.MultiProcessValue(number)  # type: ignore[no-untyped-call] # else chosen at import


def forget(folder: str, number: int) -> None:
    """Leave out the present state, such as its queue, of a process that has ended; what it counted stays."""
    multiprocess.mark_process_dead(number, folder)  # type: ignore[no-untyped-call]


class Metrics:
    """Counters and histograms of one server."""

    def __init__(self) -> None:
        own = CollectorRegistry()
        self._registry = own
        self._requests = Counter("seqwright_requests", "Requests by path and status.", ["path", "status"], registry=own)
        self._seconds = Histogram("seqwright_request_seconds", "Time to answer requests.", ["path"], registry=own)
        self._series: dict[tuple[str, int], tuple[Counter, Histogram]] = {}  # finding one costs more than counting
        self._batches = Histogram("seqwright_batch_sources", "Sources searched together.", buckets=SIZES, registry=own)
        self.queued: Gauge = Gauge(
            "seqwright_queued_searches", "Searches that wait.", registry=own, multiprocess_mode="liveall"
        )
        self.loads: Gauge = Gauge(
            "seqwright_model_loads", "Models loaded since the start.", registry=own, multiprocess_mode="livemax"
        )

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = path if path in PATHS else "other", status
        if key not in self._series:
            self._series[key] = self._requests.labels(key[0], str(status)), self._seconds.labels(key[0])
        counter, histogram = self._series[key]
        counter.inc()
        histogram.observe(seconds)

    def batch(self, n_sources: int) -> None:
        """Count a batch."""
        self._batches.observe(n_sources)

    def text(self) -> bytes:
        """Return all figures in the text format of Prometheus: those of all workers, where there are several."""
        registry = self._registry
        if SHARED in os.environ:
            registry = CollectorRegistry()
            multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return bytes(generate_latest(registry))
