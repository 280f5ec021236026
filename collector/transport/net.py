"""TCP and UDP."""

import asyncio
import contextlib
import os
import secrets
import socket
from itertools import chain

from collector.errors import LinkError
from collector.transport.base import OPEN_S, READ_BYTES, Port, Transport

_OURS = range(20_000, 32_768)

DEAD_S = 30
"""A peer that was switched off without a farewell is noticed within this, however seldom it speaks: while it is thought
to be there, its next call is hung up on."""
_IDLE_S, _EVERY_S = 10, 5


class TcpTransport:
    """A TCP connection, called or accepted."""

    datagrams = False

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: asyncio.Server | None = None
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server
        _watch(writer.get_extra_info("socket"))

    async def read(self) -> bytes:
        try:
            return await self._reader.read(READ_BYTES)
        except OSError as error:
            raise LinkError(f"connection lost: {error}") from error

    async def write(self, data: bytes) -> None:
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise LinkError(f"connection lost: {error}") from error

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(OSError):
            self._writer.close()
            await self._writer.wait_closed()


class UdpTransport:
    """A UDP socket that talks with one peer: the one named, or (listening) whoever spoke last."""

    datagrams = True

    def __init__(self, sock: socket.socket, *, listening: bool) -> None:
        self._sock = sock
        self._listening = listening
        self._peer: tuple[str, int] | None = None

    async def read(self) -> bytes:
        try:
            while True:
                try:
                    data, peer = self._sock.recvfrom(READ_BYTES)
                except BlockingIOError:
                    await self._readable()
                    continue
                if self._listening:
                    self._peer = peer
                if data:  # an empty datagram is not the end of anything
                    return data
        except OSError as error:
            raise LinkError(_why(error)) from error

    async def write(self, data: bytes) -> None:
        loop = asyncio.get_running_loop()
        try:
            if not self._listening:
                await loop.sock_sendall(self._sock, data)
            elif self._peer is not None:
                await loop.sock_sendto(self._sock, data, self._peer)
        except OSError as error:
            raise LinkError(_why(error)) from error

    async def close(self) -> None:
        self._sock.close()

    async def _readable(self) -> None:
        """Wait for a datagram without taking it: loop.sock_recv, cancelled at that moment, would lose it."""
        loop = asyncio.get_running_loop()
        ready = asyncio.Event()
        loop.add_reader(self._sock, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(self._sock)


async def open_tcp(port: Port) -> Transport:
    try:
        async with asyncio.timeout(OPEN_S):
            return TcpTransport(*await asyncio.open_connection(port.host, port.number))
    except TimeoutError as error:
        raise LinkError(f"{port.host}:{port.number} does not answer: address, cable, VLAN or firewall") from error
    except OSError as error:
        raise LinkError(f"{port.host}:{port.number}: {_why(error)}") from error


async def open_tcp_listen(port: Port) -> Transport:
    """Wait until the device calls; a second caller is hung up on."""
    accepted: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]]
    accepted = asyncio.get_running_loop().create_future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if accepted.done():
            writer.close()
        else:
            accepted.set_result((reader, writer))

    try:
        server = await asyncio.start_server(accept, port.host, port.number)
    except OSError as error:
        raise LinkError(f"cannot listen on {port.host}:{port.number}: {_why(error)}") from error
    try:
        reader, writer = await accepted
    except BaseException:
        server.close()
        raise
    return TcpTransport(reader, writer, server)


async def open_udp(port: Port, *, listening: bool = False) -> Transport:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(port.host, port.number, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setblocking(False)
            if listening:
                sock.bind(address)
            else:
                sock.connect(address)
        except OSError:
            sock.close()
            raise
    except OSError as error:
        raise LinkError(f"{port.host}:{port.number}: {_why(error)}") from error
    return UdpTransport(sock, listening=listening)


def free_port(kind: socket.SocketKind) -> int:
    """A port of 127.0.0.1 that nobody has, none of those that Linux gives to whoever asks for any. Raises LinkError."""
    first = secrets.randbelow(len(_OURS))
    for number in chain(_OURS[first:], _OURS[:first]):
        with socket.socket(socket.AF_INET, kind) as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", number))
            return number
    raise LinkError("no port of 127.0.0.1 is free")


def _watch(sock: socket.socket) -> None:
    """Ask a silent peer whether it is there, and wait for what it does not take for no longer than DEAD_S."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _IDLE_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _EVERY_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, (DEAD_S - _IDLE_S) // _EVERY_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, DEAD_S * 1_000)


def _why(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nobody listens at that address and port"
    if isinstance(error, socket.gaierror):
        return error.strerror or "no such host"
    return os.strerror(error.errno) if error.errno else str(error)
