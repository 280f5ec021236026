"""A proxy before a server's socket: cuts connections, swallows the answer to a COMMIT, delays the COMMIT itself."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from psycopg.conninfo import conninfo_to_dict, make_conninfo

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
"""As libpq sends it: a simple query of its own."""


class Proxy:
    """Listens on a port of 127.0.0.1. `dsn` goes through it.

    `at_commit` is called with each connection whose client has just sent COMMIT, before that is passed on; it returns
    whether to pass it on.
    """

    def __init__(self, dsn: str, at_commit: Callable[["Link"], bool] = lambda _: True) -> None:
        given = conninfo_to_dict(dsn)
        self._server = str(Path(str(given["host"]), f".s.PGSQL.{given['port']}"))
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        self.dsn = make_conninfo(dsn, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")
        self.at_commit = at_commit
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
        for link in self.links:
            link.cut()

    def _at_commit(self, link: "Link") -> bool:
        return self.at_commit(link)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(self._server)
            except OSError:
                server.close()
                client.close()
                continue
            self.links.append(Link(client, server, self._at_commit))


class Link:
    """One client's connection."""

    def __init__(self, client: socket.socket, server: socket.socket, at_commit: Callable[["Link"], bool]) -> None:
        self._client = client
        self._server = server
        self._at_commit = at_commit
        self._deaf = False
        self._released = threading.Event()
        self._threads = [
            threading.Thread(target=self._forward, daemon=True),
            threading.Thread(target=self._answer, daemon=True),
        ]
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
        _shut(self._client)
        _shut(self._server)

    def commit(self) -> None:
        """Send the COMMIT that was held back, and what comes after it."""
        self._server.sendall(COMMIT)
        self._released.set()

    def end(self) -> None:
        self.cut()
        self._released.set()
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._server.close()

    def _forward(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(1 << 16):
                if data == COMMIT and not self._at_commit(self):
                    self._released.wait()  # what becomes of the server's side is for the test to say
                else:
                    self._server.sendall(data)
        if not self._deaf:
            _shut(self._server)

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(1 << 16):
                if self._deaf:
                    break
                self._client.sendall(data)
        _shut(self._client)


def _shut(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
