"""The application: paths, and how each is answered."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Sequence
from types import TracebackType
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from seqwright.errors import SeqwrightError
from seqwright.inference.options import Options
from seqwright.serve import metrics, openapi, problems, requests, streaming
from seqwright.serve.batching import Batcher, Work
from seqwright.serve.card import ModelsResponse
from seqwright.serve.gate import Gate, Phase
from seqwright.serve.limits import Limits
from seqwright.serve.models import WATCHED_S, Models
from seqwright.serve.page import Page
from seqwright.serve.problems import Problem
from seqwright.serve.schema import ContinueRequest, PredictRequest, ScoreRequest, ScoreSettings, Settings
from seqwright.serve.watch import Watch, Watched
from seqwright.serve.work import Continue, Predict, Score

__all__ = ["Service"]

Result = TypeVar("Result")
KEPT_OPTIONS = 64  # of requests that were checked: most requests have those of an earlier one


class Service:
    """Models, queue and figures of one server.

    app: the ASGI application.   phase: what is done with requests.
    watch: whether models are loaded anew when their directories have changed.
    """

    def __init__(self, models: Models, *, token: str | None, limits: Limits, watch: bool) -> None:
        self._models, self._limits, self._watching = models, limits, watch
        self._metrics = metrics.Metrics()
        self._metrics.loads.set(models.n_loads)
        self._bodies = requests.Bodies(limits)
        self._options = functools.lru_cache(KEPT_OPTIONS)(self._accepted)
        self._bounds = Watch()
        self._description = openapi.description(token=bool(token))
        self._tasks: set[asyncio.Task[None]] = set()
        self.phase: Phase = Phase.SERVING
        page = Page(models)
        posts = {"/v1/predict": self._predict, "/v1/score": self._score, "/v1/continue": self._continue}
        routes = [
            *(Route(path, handler, methods=["POST"]) for path, handler in posts.items()),
            Route("/v1/models", self._list, methods=["GET"]),
            Route("/v1/models/{name}/examples", self._examples, methods=["GET"]),
            Route("/health", self._health, methods=["GET"]),
            Route("/ready", self._ready, methods=["GET"]),
            Route("/metrics", self._figures, methods=["GET"]),
            Route("/openapi.json", self._describe, methods=["GET"]),
            *page.routes,
        ]
        gate = Middleware(Gate, service=self, token=token, posts=posts, count=self._metrics.request)
        self.app: Starlette = Starlette(
            routes=routes, middleware=[gate], exception_handlers=problems.HANDLERS, lifespan=self._lifespan
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        self._batcher = Batcher(self._limits, self._metrics)
        tasks = [asyncio.create_task(self._batcher.run())]
        if self._watching:
            tasks.append(asyncio.create_task(self._watch()))
        yield
        for task in tasks:
            task.cancel()
        self._batcher.close()

    def reload(self) -> None:
        """Load all models anew, beside those that are in use."""
        task = asyncio.get_running_loop().create_task(self._refresh(all_=True))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(WATCHED_S)
            await self._refresh(all_=False)

    async def _refresh(self, *, all_: bool) -> None:
        await asyncio.to_thread(self._models.refresh, all_=all_)
        self._metrics.loads.set(self._models.n_loads)

    async def _predict(self, request: Request) -> Any:
        if requests.media_type(request.scope) == openapi.NDJSON:
            return self._predict_lines(request)
        with Watched(self._bounds, request.receive) as watched:
            asked = requests.decoded(await self._bodies.read(request, watched), PredictRequest)
            settings = msgspec.convert(asked, Settings, from_attributes=True)
            options = self._checked(settings, asked.sources)
            given = matching(asked.features, "features", asked.sources)
            items = list(zip(asked.sources, given, strict=True))
            work = Predict(self._models.get(asked.model), settings)
            with REFUSALS:
                work.model.check(settings)
            if openapi.NDJSON not in request.headers.get("accept", ""):
                return await self._whole(watched, work, items, options.width)
        return streaming.Lines(self._parts(work, items, options.width), idle_s=self._limits.idle_s)

    def _predict_lines(self, request: Request) -> streaming.Lines:
        settings = requests.of_query(request.query_params, Settings)
        options = self._checked(settings, [])
        work = Predict(self._models.get(settings.model), settings)
        with REFUSALS:
            work.model.check(settings)

        async def answered(items: Sequence[tuple[str, str]]) -> list[bytes]:
            self._checked(settings, [source for source, _ in items])
            return [record async for some in self._parts(work, items, options.width) for record in some]

        incoming = requests.lines(request, self._limits)
        found = streaming.answered_lines(incoming, answered, at_most=self._limits.batch_sources)
        return streaming.Lines(found, idle_s=self._limits.idle_s)

    async def _score(self, request: Request) -> Any:
        with Watched(self._bounds, request.receive) as watched:
            asked = requests.decoded(await self._bodies.read(request, watched), ScoreRequest)
            self._checked(Settings(), asked.sources)
            self._checked(Settings(), asked.targets)
            given = matching(asked.features, "features", asked.sources)
            targets = matching(asked.targets, "targets", asked.sources)
            settings = msgspec.convert(asked, ScoreSettings, from_attributes=True)
            items = list(zip(asked.sources, targets, given, strict=True))
            return await self._whole(watched, Score(self._models.get(asked.model), settings), items, 1)

    async def _continue(self, request: Request) -> Any:
        with Watched(self._bounds, request.receive) as watched:
            asked = requests.decoded(await self._bodies.read(request, watched), ContinueRequest)
            self._checked(Settings(prefix_tokens=asked.tokens), [asked.source])
            work = Continue(self._models.get(asked.model), asked.n)
            item = (asked.source, asked.features, *asked.tokens)
            [found] = await self._in_time(watched, self._records(work, [item], asked.n))
        return Json(found)

    async def _list(self, _request: Request) -> Any:
        return Json(msgspec.json.encode(ModelsResponse(models=[one.card for one in self._models])))

    async def _examples(self, request: Request) -> Any:
        served = self._models.get(request.path_params["name"])
        with Watched(self._bounds, request.receive) as watched:
            return Json(await self._in_time(watched, asyncio.to_thread(served.examples)))

    async def _health(self, _request: Request) -> Any:
        return Json(b'{"status":"ok"}')

    async def _ready(self, _request: Request) -> Any:
        return Json(b'{"status":"ready"}')  # while the server ends, `Gate` refuses it

    async def _figures(self, _request: Request) -> Response:
        return Response(self._metrics.text(), media_type=metrics.CONTENT_TYPE_LATEST)

    async def _describe(self, _request: Request) -> Any:
        return Json(self._description)

    def _accepted(self, settings: Settings) -> Options:
        """Return the options without the constraint.   Problem: 422 for what exceeds the limits."""
        limits = self._limits
        entries, tokens = settings.one_of or (), settings.prefix_tokens
        texts = [settings.prefix, settings.allow or "", settings.pattern or "", *entries, *tokens]
        if sum(map(len, texts)) + len(entries) + len(tokens) > limits.constraint_characters:
            raise Problem(422, f"the constraints are too long: at most {limits.constraint_characters:,} characters")
        with REFUSALS:
            options = settings.options()
            limits.caps.check(options)
        return options

    def _checked(self, settings: Settings, sources: list[str]) -> Options:
        """Return the options as `_accepted` does.   Problem: 422 also for sources that exceed the limits."""
        limits, options = self._limits, self._options(settings)
        n = sum(map(len, sources))
        if n > limits.caps.source_characters or len(sources) > limits.caps.sources:
            with REFUSALS:
                limits.caps.check(options, sources)
        if n > limits.characters:
            raise Problem(422, f"the texts have {n:,} characters: at most {limits.characters:,} here; stream them")
        return options

    async def _whole(self, watched: Watched, work: Work, items: Sequence[tuple[str, ...]], width: int) -> Json:
        """Return the response with all records in one JSON object."""
        records = await self._in_time(watched, self._records(work, items, width))
        return Json(b'{"answers":[%b]}' % b",".join(records))

    def _in_time(self, watched: Watched, work: Awaitable[Result]) -> Awaitable[Result]:
        """Return work, whose time is bounded from now on."""
        watched.within(self._limits.request_s, self._late, received=True)
        return work

    def _late(self) -> Problem:
        return Problem(503, f"no answer within {self._limits.request_s:g} s; send fewer sources", retry_after=1)

    async def _records(self, work: Work, items: Sequence[tuple[str, ...]], width: int) -> list[bytes]:
        end, cost = self._part(items, 0, width)
        if 0 < end == len(items):  # as most requests are
            with REFUSALS:
                return await self._batcher.submit(work, items, cost)
        return [record async for some in self._parts(work, items, width) for record in some]

    async def _parts(self, work: Work, items: Sequence[tuple[str, ...]], width: int) -> AsyncIterator[list[bytes]]:
        """Yield the records of some items at a time: one request has one search in the queue, however large it is."""
        begin = 0
        while begin < len(items):
            end, cost = self._part(items, begin, width)
            with REFUSALS:
                records = await self._batcher.submit(work, items[begin:end], cost)
            yield records
            begin = end

    def _part(self, items: Sequence[tuple[str, ...]], begin: int, width: int) -> tuple[int, int]:
        """Return the end of the items that are searched together, and what the search costs."""
        end, cost = begin, 0
        while end < len(items) and end - begin < self._limits.batch_sources:
            more = width * (1 + sum(map(len, items[end])))
            if end > begin and cost + more > self._limits.batch_cost:
                break
            end, cost = end + 1, cost + more
        return end, cost


class Refusals:
    """A context that turns errors of seqwright into problems."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, SeqwrightError):
            raise problems.of_library(error) from None


REFUSALS = Refusals()


class Json:
    """A response of JSON with status 200."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(self._body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._body})


def matching(texts: list[str] | None, name: str, sources: list[str]) -> list[str]:
    """Return one text for each source, empty where none are given.   Problem: 422 for another number."""
    if texts is None:
        return [""] * len(sources)
    if len(texts) != len(sources):
        raise Problem(422, f"{name} has {len(texts):,} texts for {len(sources):,} sources: send one for each")
    return texts
