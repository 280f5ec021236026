"""Metrics over HTTP."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def metrics_app(text: Callable[[], bytes], media_type: str) -> Starlette:
    """`/metrics` gives `text` as it is when it is asked for."""

    async def exposition(_: Request) -> Response:
        return Response(text(), media_type=media_type)

    return Starlette(routes=[Route("/metrics", exposition)])
