"""Runs an HTTP server inside the daemon's own loop."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from collector.errors import UsageError

_CLOSE_S = 2
"""Answers under way get so long; event streams end by themselves at `stop`."""


class _Server(uvicorn.Server):
    """Leaves the signals to the daemon."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """PEM files: the certificate with its chain, and its private key."""

    cert: Path
    key: Path


async def serve(app: ASGIApp, host: str, port: int, stop: asyncio.Event, tls: Tls | None = None) -> None:
    """Serve `app` until `stop` is set, by https where there is a certificate.

    Raises UsageError where the address cannot be listened on.
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise UsageError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    config = uvicorn.Config(
        app, lifespan="off", ws="none", log_config=None, access_log=False, timeout_graceful_shutdown=_CLOSE_S,
        ssl_certfile=tls.cert if tls else None, ssl_keyfile=tls.key if tls else None,
    )  # fmt: skip
    server = _Server(config)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    stopping = asyncio.create_task(stop.wait())
    try:
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
    finally:
        stopping.cancel()
        server.should_exit = True
        while not serving.done():  # cancelled meanwhile it still closes what it has opened: it ends soon by itself
            with suppress(asyncio.CancelledError):
                await asyncio.wait([serving])
        serving.result()
