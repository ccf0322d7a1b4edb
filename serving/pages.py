"""Apps mounted beside the scoring method: /v1 reads, /metrics, and the way to /review."""

import json
import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from serving.answers import about, refusal
from serving.errors import ApiError
from serving.openapi import document
from serving.review.app import REVIEW
from serving.served import SERVED

_DOCUMENT = json.dumps(document()).encode()


async def model(request: Request) -> Response:
    """GET /v1/model."""
    try:
        return JSONResponse(about(SERVED.model))
    except ApiError as error:
        return refusal(error)


async def openapi(request: Request) -> Response:
    """GET /v1/openapi.json."""
    return Response(_DOCUMENT, media_type="application/json")


async def metrics(request: Request) -> Response:
    """GET /metrics: the sum over workers; every label has a short list of values.

    BentoML's own metrics are off: they are labelled by raw path, without bound.
    """
    registry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


async def home(request: Request) -> Response:
    """GET /: BentoML's own page would load a third party's script."""
    return RedirectResponse("/review")


V1 = Starlette(
    routes=[
        Route("/model", model, methods=["GET"]),
        Route("/openapi.json", openapi, methods=["GET"]),
    ]
)
ROOT = Starlette(
    routes=[
        Route("/", home, methods=["GET"]),
        Route("/metrics", metrics, methods=["GET"]),
        Route("/review", REVIEW),
        Route("/review/{rest:path}", REVIEW),
    ]
)
