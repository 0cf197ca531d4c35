"""`seqwright serve`."""

from pathlib import Path

import click

from seqwright.cli import options

__all__ = ["serve"]


@click.command(short_help="Serve models over HTTP, with a page to try them.")
@click.argument("models", nargs=-1, required=True, metavar="MODEL...")
@click.option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS",
              help="Listen on this address; 0.0.0.0 is all of this machine's.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, metavar="N",
              help="Listen on this port; 0 is any that is free.")  # fmt: skip
@click.option("--token", envvar="SEQWRIGHT_TOKEN", metavar="TEXT",
              help="Answer only requests with the header Authorization: Bearer TEXT; also from the environment "
                   "variable SEQWRIGHT_TOKEN, which other users of the machine cannot read.")  # fmt: skip
@options.threads
def serve(*, models: tuple[str, ...], host: str, port: int, token: str | None) -> None:
    """Serve each MODEL over HTTP until SIGTERM or Ctrl-C; needs seqwright[serve].

    A model is named as its directory is; requests that name none get the first. / is a page to try the models,
    /openapi.json describes the interface: POST /v1/predict and /v1/score, GET /v1/models, /health, /ready, /metrics.

    Answers are those of `predict --json`. Concurrent requests are searched together. A model directory that changes is
    loaded again while the earlier model answers, and SIGHUP loads all of them again. SIGTERM ends the server when the
    requests that it has accepted are answered.

    \b
    Examples:
      seqwright serve words-model
      seqwright serve words-model names-model --port 9000
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
    server.run([Path(model) for model in models], host=host, port=port, token=token)
