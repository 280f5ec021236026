"""A proxy before a database: cuts, resets, delays, and makes away with a COMMIT or with the answer to it."""

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""As libpq sends it: a simple query of its own."""

READ_BYTES = 1 << 16
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of 0 s: closing resets."""


class Proxy:
    """Listens on a port of 127.0.0.1. `dsn` goes through it, to the server that `dsn` as given reaches.

    `at_commit` is called with each connection whose client has just sent COMMIT, before that is passed on; it returns
    whether to pass it on. `sees_commits`: False where the DSN demands TLS, which goes through as it is.
    `delay_s`: how long each piece of data is held back, in both directions. `open`: whether new clients are let in.
    """

    def __init__(self, dsn: str, at_commit: Callable[["Link"], bool] = lambda _: True) -> None:
        self._server = _address(dsn)
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        local = isinstance(self._server, str)
        given = conninfo_to_dict(dsn)
        self.sees_commits = local or given.get("sslmode", "prefer") in {"disable", "allow", "prefer"}
        if self.sees_commits:
            plain = {"sslmode": "disable", "gssencmode": "disable"}
            self.dsn = make_conninfo(dsn, host="127.0.0.1", hostaddr="127.0.0.1", port=port, **plain)
        else:
            self.dsn = make_conninfo(dsn, hostaddr="127.0.0.1", port=port)  # the certificate names the host
        self.at_commit = at_commit
        self.delay_s = 0.0
        self.open = True
        self.links: list[Link] = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        for link in self.links:
            link.end()

    def cut(self) -> None:
        """Cut all connections, both ways."""
        for link in [*self.links]:
            link.cut()

    def reset(self) -> None:
        """Reset all connections, both ways."""
        for link in [*self.links]:
            link.reset()

    def deafen(self) -> None:
        """From now on no client hears anything; its connection ends with the next answer of the server."""
        for link in [*self.links]:
            link.swallow_answer()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self.open:
                client.close()
                continue
            try:
                server = _connect(self._server)
            except OSError:
                client.close()
                continue
            for link in [link for link in self.links if link.ended]:
                link.end()
                self.links.remove(link)
            link = Link(client, server, self)
            self.links.append(link)  # before anything goes through: who is answered can be cut
            link.start()


class Link:
    """One client's connection."""

    def __init__(self, client: socket.socket, server: socket.socket, proxy: Proxy) -> None:
        self._client = client
        self._server = server
        self._proxy = proxy
        self._deaf = False
        self._resetting = False
        self._held = threading.Event()
        self._released = threading.Event()
        self._lock = threading.Lock()
        self._left = 2
        self.ended = False
        self._threads = [
            threading.Thread(target=self._forward, daemon=True),
            threading.Thread(target=self._answer, daemon=True),
        ]

    def start(self) -> None:
        """Let through what either side sends."""
        for thread in self._threads:
            thread.start()

    def swallow_answer(self) -> None:
        """The client hears nothing any more, and is cut when the server has answered."""
        self._deaf = True

    def cut_client(self) -> None:
        """The client sees its connection end; the server does not."""
        self._deaf = True
        _shut(self._client)

    def cut(self) -> None:
        self._release()
        _shut(self._client)
        _shut(self._server)

    def reset(self) -> None:
        self._resetting = True
        self._release()
        for end in (self._client, self._server):
            with suppress(OSError):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            with suppress(OSError):
                end.shutdown(socket.SHUT_RD)  # wakes the threads and sends nothing; the last one closes

    def commit(self) -> None:
        """Send the COMMIT that was held back, if the server is still there, and what comes after it."""
        with suppress(OSError):
            self._server.sendall(COMMIT)
        self._released.set()

    def end(self) -> None:
        self.cut()
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._server.close()

    def _release(self) -> None:
        self._held.set()
        self._released.set()

    def _forward(self) -> None:
        with suppress(OSError):
            while (data := self._client.recv(READ_BYTES)) and not self._resetting:
                self._held.wait(self._proxy.delay_s)
                if data == COMMIT and not self._proxy.at_commit(self):
                    self._released.wait()  # what becomes of the server's side is for the caller to say
                else:
                    self._server.sendall(data)
        if not self._deaf and not self._resetting:
            _shut(self._server)
        self._done()

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(READ_BYTES):
                if self._deaf or self._resetting:
                    break
                self._held.wait(self._proxy.delay_s)
                self._client.sendall(data)
        if not self._resetting:
            _shut(self._client)
        self._done()

    def _done(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                self.ended = True
                if self._resetting:
                    self._client.close()
                    self._server.close()


def _address(dsn: str) -> str | tuple[str, int]:
    """Where libpq finds the server: a socket's path, or an address and a port."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        info = connection.info
        if info.host.startswith("/"):
            return str(Path(info.host, f".s.PGSQL.{info.port}"))
        return info.hostaddr or info.host, info.port


def _connect(address: str | tuple[str, int]) -> socket.socket:
    if isinstance(address, tuple):
        return socket.create_connection(address, timeout=None)
    server = socket.socket(socket.AF_UNIX)
    try:
        server.connect(address)
    except OSError:
        server.close()
        raise
    return server


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
