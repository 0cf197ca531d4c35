"""The playground, the page of the interface, and the reports of the models."""

from __future__ import annotations

from importlib import resources

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from seqwright.serve.models import Models
from seqwright.serve.problems import Problem

__all__ = ["Page"]

SCRIPTS = ("api.js", "app.js", "card.js", "diff.js", "dom.js", "engine.js", "files.js", "panel.js", "symbols.js")
ASSETS = dict.fromkeys(SCRIPTS, "text/javascript") | {"style.css": "text/css"}
REPORT_POLICY = (  # a report is one file with its own style, and needs nothing else
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts"
)


class Page:
    """Serves the files of the playground, which are read once."""

    def __init__(self, models: Models) -> None:
        self._models = models
        folder = resources.files("seqwright.serve") / "playground"
        self._index, self._api = ((folder / name).read_bytes() for name in ("index.html", "api.html"))
        self._assets = {name: (folder / name).read_bytes() for name in ASSETS}
        self.routes: list[Route] = [
            Route("/", self._page, methods=["GET"]),
            Route("/api", self._interface, methods=["GET"]),
            Route("/assets/{name}", self._asset, methods=["GET"]),
            Route("/models/{name}/report", self._report, methods=["GET"]),
        ]

    async def _page(self, _request: Request) -> Response:
        return Response(self._index, media_type="text/html")

    async def _interface(self, _request: Request) -> Response:
        return Response(self._api, media_type="text/html")

    async def _asset(self, request: Request) -> Response:
        name = request.path_params["name"]
        if name not in ASSETS:
            raise Problem(404, "no such file")
        return Response(self._assets[name], media_type=ASSETS[name])

    def _report(self, request: Request) -> Response:  # no coroutine: Starlette runs it in a thread, for it reads a file
        served = self._models.get(request.path_params["name"])
        try:
            report = (served.path / "report.html").read_bytes()
        except OSError:
            raise Problem(404, f"{served.name} has no report") from None
        return Response(report, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY})
