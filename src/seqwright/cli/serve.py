"""`seqwright serve`."""

from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["serve"]


@click.command(short_help="Serve models over HTTP.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Address to listen on; 0.0.0.0 is all interfaces.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, metavar="N",
              help="Port to listen on; 0 selects a free one.")  # fmt: skip
@click.option("--token", envvar="SEQWRIGHT_TOKEN", metavar="TEXT",
              help="Require the header Authorization: Bearer TEXT. Prefer the environment variable SEQWRIGHT_TOKEN: "
                   "command lines are visible to other users of the machine.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True, metavar="N",
              help="Processes that answer. They share the memory of the weights and divide --threads among them; one "
                   "that dies is replaced.")  # fmt: skip
@options.threads
def serve(*, models: tuple[str, ...], host: str, port: int, token: str | None, workers: int) -> None:
    """Serve each MODEL over HTTP until SIGTERM or Ctrl-C; needs seqwright[serve].

    The name of a model is that of its directory; the first model is the default of requests. / is a page to try the
    models, and /api describes the interface: POST /v1/predict and /v1/score, GET /v1/models, /health, /ready
    and /metrics.

    Answers have the format of `predict --json`. Concurrent requests are batched. If a model directory changes, it is
    loaded again while the earlier model keeps answering; SIGHUP reloads all of them. On SIGTERM, the server answers the
    accepted requests and stops.

    \b
    Examples:
      seqwright serve words-model
      seqwright serve words-model names-model --port 9000
      seqwright serve words-model --workers 4
      seqwright serve words-model --host 0.0.0.0 --token sesame
    """
    # Imported here, not above: `seqwright --help` needs none of it.
    from seqwright.errors import DependencyError

    try:
        from seqwright.serve import server
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("seqwright"):
            raise
        raise DependencyError(f"serving needs {error.name}: pip install 'seqwright[serve]'") from None
    server.run([Path(model) for model in models], host=host, port=port, token=token, n_workers=workers)
