"""Bounds on what a client may use."""

from __future__ import annotations

from dataclasses import dataclass, field

from seqwright.inference.modes import Caps

__all__ = ["Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on requests, and the sizes of queue and batches.

    Parameters
    ----------
    caps : Caps
        Bounds on the options and sources of one request.
    characters : int
        Of all sources of one request with a JSON body.
    constraint_characters : int
        Of all constraints of one request.
    body_bytes, held_bytes : int
        Of one JSON body or streamed line; of all bodies that are held at a time.
    queued : int
        Searches that wait; a request that would add one more is refused with 429.
    batch_delay_s : float
        The longest that a search waits for others to be searched with.
    batch_cost : int
        Source characters times beam that are searched at a time.
    batch_sources : int
        Sources that one request contributes to a batch.
    searches : int
        Batches searched at a time. Two, so that one long search does not stop all short ones.
    request_s : float
        Until a request with a JSON body is answered.
    idle_s : float
        Until a client sends or takes the next part of a body.
    drain_s : float
        After SIGTERM, the longest that connections are accepted and requests answered; fewer if none is opened.
    last_s : float
        After that, until idle connections are closed; requests on them are refused with 503.
    """

    caps: Caps = field(
        default_factory=lambda: Caps(
            beam=32, n_best=32, max_length=2048, max_source_tokens=2048, source_characters=10_000, sources=1_000
        )
    )
    characters: int = 200_000
    constraint_characters: int = 100_000
    body_bytes: int = 1 << 20
    held_bytes: int = 1 << 27
    queued: int = 256
    batch_delay_s: float = 0.002
    batch_cost: int = 1 << 16
    batch_sources: int = 64
    searches: int = 2
    request_s: float = 60.0
    idle_s: float = 30.0
    drain_s: float = 3.0
    last_s: float = 0.5
