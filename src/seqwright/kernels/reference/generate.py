"""Generation from a decoder's parameters: the best symbol each time, read back in, state kept from step to step."""

import numpy as np

from seqwright.kernels.reference.decoding import Decoding, decoder_step, log_softmax
from seqwright.types import Array, Ids

__all__ = ["generate"]


def generate(
    d: Decoding,
    start_id: int,
    end_id: int,
    limits: Ids,
    ids: Ids,
    log_probs: Array,
    lengths: Ids,
) -> None:
    """Write each row's symbols to ids, their log-probabilities to log_probs, and how many there are to lengths.

    Each is the best one, the first of equals. A row ends after `end_id` (which is written and counted; -1: never) or
    after limits[b] symbols.

    d.h and d.c are left as the state after each row's last symbol was chosen.   limits (B,) int32.
    ids (T, B) int32, log_probs (T, B), lengths (B,) int32: written; entries behind a row's end are -1 and 0.
    """
    T, B = ids.shape
    ids[:], log_probs[:], lengths[:] = -1, 0, 0
    rows = np.arange(B)
    step_ids = np.full(B, start_id, np.int32)
    running = limits > 0
    for t in range(T):
        if not running.any():
            break
        ended = ~running
        h_ended, c_ended = d.h[:, ended], d.c[:, ended]
        scores, _ = decoder_step(d, step_ids, t)
        d.h[:, ended], d.c[:, ended] = h_ended, c_ended
        step_ids = scores.argmax(axis=1).astype(np.int32)
        ids[t] = np.where(running, step_ids, -1)
        log_probs[t] = np.where(running, log_softmax(scores)[rows, step_ids], 0)
        lengths += running
        running &= (step_ids != end_id) & (lengths < limits)
