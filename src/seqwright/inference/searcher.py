"""Search for the targets of encoded sources, in batches of similar length and bounded size."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from seqwright.bundle import Bundle
from seqwright.data import batches, vocabulary
from seqwright.inference.options import Options
from seqwright.models.inference import Inference
from seqwright.search import Candidate, Rules, automaton, run
from seqwright.types import Ids

__all__ = ["BATCH_SOURCES", "STEPS_PER_TOKEN", "Searcher", "batched"]

BATCH_SOURCES = 128
STEPS_PER_TOKEN = 1024  # attention weights that a search keeps for each of max_batch_tokens


class Searcher:
    """The networks of a model and searches over them; any number of threads may search at a time.

    ModelError: the weights do not fit the configuration.
    """

    def __init__(self, bundle: Bundle) -> None:
        self._limits, self._int8 = bundle.limits, bundle.int8
        self._models = bundle.build()
        self._networks: list[Inference] | None = None
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._models)

    def _inference(self) -> list[Inference]:
        """Return the networks; the first call packs their weights, so that loading holds them only once."""
        if self._networks is None:
            with self._lock:
                if self._networks is None:
                    self._networks = [Inference(model, int8=self._int8) for model in self._models]
        return self._networks

    def n_masked(self, ids: Sequence[int]) -> int:
        """Return the number of ids at the start of a source, its features, that the decoder cannot attend to."""
        if self._models[0].feature_mask is None:
            return 0
        [n_attended] = self._models[0].memory_lengths(*batches.pad([ids])).tolist()
        return len(ids) - int(n_attended)

    def search(self, sources: Sequence[Sequence[int]], options: Options) -> list[list[Candidate]]:
        """Return the n_best candidates of each source, best first."""
        found: list[list[Candidate]] = [[] for _ in sources]
        lengths = [len(ids) for ids in sources]
        _, max_lengths = self._target_lengths(lengths, options)
        steps = [options.width * (n + 1) for n in max_lengths.tolist()]
        for index in batched(lengths, options.max_batch_tokens, steps):
            for i, candidates in zip(index, self._batch([sources[i] for i in index], options), strict=True):
                found[i] = candidates[: options.n_best]  # frees the attention weights of the others
        return found

    def _batch(self, sources: Sequence[Sequence[int]], options: Options) -> list[list[Candidate]]:
        padded, lengths = batches.pad(sources)
        min_lengths, max_lengths = self._target_lengths(lengths, options)
        rules = Rules(
            vocabulary.START, vocabulary.END, max_lengths, None if options.constraint else min_lengths,
            self._models[0].memory_lengths(padded, lengths), options.ranking, options.constraint,
        )  # fmt: skip
        if options.sampling:
            rngs = [np.random.default_rng([options.seed, *source]) for source in sources]
            return self._sources(padded, lengths).sample(
                rules, n=options.n_best, temperature=options.temperature, top_k=options.top_k, top_p=options.top_p,
                rngs=rngs,
            )  # fmt: skip
        return self._sources(padded, lengths).beam(
            rules, width=options.width, groups=options.groups, diversity=options.diversity
        )

    def score(
        self, sources: Sequence[Sequence[int]], targets: Sequence[Sequence[int]], options: Options
    ) -> Iterator[tuple[int, Candidate]]:
        """Yield the index of each pair, in any order, and the candidate that is its target, with log-probabilities.

        targets: without END. An id of PAD has log-probability -inf.
        """
        sizes = [len(source) + len(target) for source, target in zip(sources, targets, strict=True)]
        for index in batched(sizes, options.max_batch_tokens):
            padded, lengths = batches.pad([sources[i] for i in index])
            candidates = self._sources(padded, lengths).forced(
                [targets[i] for i in index], start_id=vocabulary.START, end_id=vocabulary.END,
                source_lengths=self._models[0].memory_lengths(padded, lengths), ranking=options.ranking,
            )  # fmt: skip
            yield from zip(index, candidates, strict=True)

    def next_symbols(self, source: Sequence[int], prefix: Sequence[int], n: int) -> list[tuple[int, float]]:
        """Return the n most probable symbols after a prefix of the target, END included, with log-probabilities.

        A beam of width n that must begin with the prefix, and may add one symbol, keeps exactly these.
        """
        padded, lengths = batches.pad([source])
        alphabet = np.arange(len(vocabulary.SPECIAL), self._models[0].spec.target_vocab_size, dtype=np.int32)
        rules = Rules(
            vocabulary.START, vocabulary.END, np.array([len(prefix) + 1], np.int32),
            constraint=automaton.prefixed(prefix, alphabet),
        )  # fmt: skip
        [candidates] = self._sources(padded, lengths).beam(rules, width=n)
        at = len(prefix)
        found = [([*one.ids, vocabulary.END][at], one.log_probs[at]) for one in candidates]
        return sorted(found, key=lambda one: -one[1])

    def _target_lengths(self, source_lengths: Sequence[int] | Ids, options: Options) -> tuple[Ids, Ids]:
        """Return the minimum and maximum numbers of target tokens (B,); a default gives way to an option."""
        limits, B = self._limits, len(source_lengths)
        if options.min_length is None:
            min_lengths = np.array([limits.min_length(int(n)) for n in source_lengths], np.int32)
        else:
            min_lengths = np.full(B, options.min_length, np.int32)
        if options.max_length is not None:
            return np.minimum(min_lengths, options.max_length), np.full(B, options.max_length, np.int32)
        needed = options.constraint.min_length if options.constraint else 0
        max_lengths = np.array([limits.max_length(int(n)) for n in source_lengths], np.int32)
        return min_lengths, np.maximum(np.maximum(max_lengths, min_lengths), np.int32(needed))

    def _sources(self, padded: Ids, lengths: Ids) -> run.Sources:
        return run.Sources(self._inference(), padded, lengths, vocabulary.NEVER_ANSWERED)


def batched(lengths: Sequence[int], max_tokens: int, steps: Sequence[int] | None = None) -> Iterable[list[int]]:
    """Yield the indices of all sources in batches of similar length, bounded in number and in padded size.

    steps: number of decoding steps of each source over all its hypotheses, for which attention weights are kept.
    """
    batch: list[int] = []
    most = 0
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):  # so the last of a batch is its longest
        tokens, most = (len(batch) + 1) * lengths[i], max(most, steps[i] if steps else 0)
        too_large = tokens > max_tokens or tokens * most > STEPS_PER_TOKEN * max_tokens
        if batch and (len(batch) == BATCH_SOURCES or too_large):
            yield batch
            batch, most = [], steps[i] if steps else 0
        batch.append(i)
    if batch:
        yield batch
