"""The OpenAPI description of the server."""

from __future__ import annotations

from typing import Any

import msgspec

from seqwright import __version__
from seqwright.serve.card import Card, ModelsResponse
from seqwright.serve.problems import MEDIA_TYPE, ProblemDetails
from seqwright.serve.schema import (
    AttentionRecord,
    ContinueRequest,
    ContinueResponse,
    ExamplesResponse,
    PredictRequest,
    PredictResponse,
    ScoreRequest,
    Settings,
    Source,
)

__all__ = ["NDJSON", "description"]

NDJSON = "application/x-ndjson"
PROBLEMS = {
    400: "The body is no JSON.", 401: "The token is missing or wrong.", 404: "There is no such model.",
    408: "The body did not come in time.", 413: "The body is too large.", 415: "The body is of another media type.",
    422: "An option or source is invalid; see the detail.", 429: "Too many requests; see Retry-After.",
    503: "The server is shutting down, or the answer took too long.",
}  # fmt: skip
STREAMED = (
    "With Content-Type: application/x-ndjson the body is a source on each line, options are in the query, and the "
    "response is a record on each line, in order, in constant memory; a line that is refused has problem details in "
    "its place. Read the response while the body is sent. With Accept: application/x-ndjson a JSON body is answered so."
)


def description(*, token: bool) -> bytes:
    """Return the OpenAPI 3.1 document.   token: whether one is needed."""
    kinds = [PredictRequest, Settings, Source, ScoreRequest, PredictResponse, AttentionRecord, ContinueRequest,
             ContinueResponse, ModelsResponse, Card, ExamplesResponse, ProblemDetails]  # fmt: skip
    _, components = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    paths: dict[str, Any] = {
        "/v1/predict": {"post": predict(components["Settings"])},
        "/v1/score": {"post": operation("Score pairs", "PredictResponse", body=as_json("ScoreRequest"))},
        "/v1/continue": {
            "post": operation("Find the next tokens of an answer", "ContinueResponse", body=as_json("ContinueRequest"))
        },
        "/v1/models": {"get": operation("List the models", "ModelsResponse")},
        "/v1/models/{name}/examples": {"get": named(operation("List pairs that the page offers", "ExamplesResponse"))},
        "/health": {"get": plain("The process works")},
        "/ready": {"get": plain("Requests are answered; 503 while the server shuts down")},
        "/metrics": {"get": plain("Figures for Prometheus")},
    }
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {
            "title": "seqwright",
            "version": __version__,
            "description": "Answers of sequence-to-sequence models.",
        },
        "paths": paths,
        "components": {"schemas": components},
    }
    if token:
        document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
        document["security"] = [{"token": []}]
    return msgspec.json.encode(document)


def predict(settings: dict[str, Any]) -> dict[str, Any]:
    found = operation("Answer sources", "PredictResponse", body=as_json("PredictRequest"))
    found["description"] = STREAMED
    found["requestBody"]["content"]["application/json"]["example"] = {"sources": ["tomato"], "n_best": 2}
    found["requestBody"]["content"][NDJSON] = {"schema": {"anyOf": [ref("Source"), {"type": "string"}]}}
    found["responses"]["200"]["content"][NDJSON] = {"schema": {"anyOf": [ref("Record"), ref("ProblemDetails")]}}
    found["parameters"] = [
        {"name": name, "in": "query", "required": False, "schema": schema, "description": "Of a streamed body."}
        for name, schema in settings["properties"].items()
    ]
    return found


def operation(summary: str, response: str, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
    problems = {
        str(status): {"description": text, "content": {MEDIA_TYPE: {"schema": ref("ProblemDetails")}}}
        for status, text in PROBLEMS.items()
    }
    found: dict[str, Any] = {
        "summary": summary,
        "responses": {"200": {"description": summary, "content": as_json(response)}} | problems,
    }
    if body:
        found["requestBody"] = {"required": True, "content": body}
    return found


def named(found: dict[str, Any]) -> dict[str, Any]:
    """Return an operation whose path has the name of a model."""
    return found | {"parameters": [{"name": "name", "in": "path", "required": True, "schema": {"type": "string"}}]}


def plain(summary: str) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": {"description": summary}}}


def as_json(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": ref(name)}}


def ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
