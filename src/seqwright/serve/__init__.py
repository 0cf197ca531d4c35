"""An HTTP server for models: `seqwright serve`.

Starlette and uvicorn carry it: small, long maintained, typed, and without a data model of their own, so that msgspec
reads the requests and describes them. Needs the extra `serve`; nothing else imports this package's dependencies.

Limits: a search that has begun is not interrupted, so bounds on its size keep it short.
"""

__all__: list[str] = []
