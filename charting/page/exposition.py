"""Metrics over HTTP."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.exposition import CONTENT_TYPE


def metrics_app(text: Callable[[], bytes]) -> Starlette:
    """`/metrics` gives `text` as it is when it is asked for."""

    async def exposition(_: Request) -> Response:
        return Response(text(), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/metrics", exposition)])
