"""Figures for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["CONTENT_TYPE_LATEST", "Metrics"]

SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
PATHS = ("/v1/predict", "/v1/score", "/v1/models", "/health", "/ready", "/metrics", "/openapi.json", "/")


class Metrics:
    """Counters and histograms of one server."""

    def __init__(self, *, queued: Callable[[], int], loads: Callable[[], int]) -> None:
        own = CollectorRegistry()
        self._registry = own
        self._requests = Counter("seqwright_requests", "Requests by path and status.", ["path", "status"], registry=own)
        self._seconds = Histogram("seqwright_request_seconds", "Time to answer requests.", ["path"], registry=own)
        self._batches = Histogram("seqwright_batch_sources", "Sources searched together.", buckets=SIZES, registry=own)
        Gauge("seqwright_queued_searches", "Searches that wait.", registry=own).set_function(queued)
        Gauge("seqwright_model_loads", "Models loaded since the start.", registry=own).set_function(loads)

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        known = path if path in PATHS else "other"
        self._requests.labels(known, str(status)).inc()
        self._seconds.labels(known).observe(seconds)

    def batch(self, n_sources: int) -> None:
        """Count a batch."""
        self._batches.observe(n_sources)

    def text(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return bytes(generate_latest(self._registry))
