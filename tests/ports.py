"""Ports of this machine that are kept for a program until it listens."""

import atexit
import socket

from collector.transport.net import free_port


def kept_port() -> int:
    """A TCP port of 127.0.0.1 that nobody else is given while this process lives.

    It is bound here and not listened at: beside that a server can listen that reuses addresses, as all of ours do.
    """
    while True:
        sock, port = socket.socket(), free_port(socket.SOCK_STREAM)
        try:
            sock.bind(("127.0.0.1", port))
        except OSError:  # somebody else was quicker
            sock.close()
            continue
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        atexit.register(sock.close)
        return port
