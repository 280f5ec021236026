"""What Prometheus scrapes, over HTTP."""

from collections.abc import Callable

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from collector.metrics import CONTENT_TYPE


def exposition(text: Callable[[], bytes]) -> Starlette:
    """An application with one address, /metrics."""

    async def answer(_: Request) -> Response:
        return Response(text(), media_type=CONTENT_TYPE)

    return Starlette(routes=[Route("/metrics", answer)])
