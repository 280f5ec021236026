"""Every transport carries bytes both ways, tells when the other side goes, and can be cancelled without loss."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from collector.errors import LinkError
from collector.recording import recording
from collector.transport import open_port
from collector.transport.base import Transport, parse_port
from collector.transport.capture import CaptureTap
from collector.transport.memory import memory_pair
from collector.transport.net import DEAD_S, TcpTransport, free_port, open_udp
from collector.transport.pty import open_pty

ALL_BYTES = bytes(range(256))
PATIENCE_S = 60.0


@asynccontextmanager
async def pair(kind: str, tmp_path: Path) -> AsyncIterator[tuple[Transport, Transport]]:
    """(our end, the device's end)."""
    if kind == "memory":
        ours, device = memory_pair()
    elif kind == "serial":
        device = open_pty(tmp_path / "tty")
        ours = await open_port(parse_port(f"serial://{tmp_path}/tty?baud=19200"))
    elif kind == "udp":
        number = free_port(socket.SOCK_DGRAM)
        device = await open_udp(parse_port(f"udp://127.0.0.1:{number}"), listening=True)
        ours = await open_port(parse_port(f"udp://127.0.0.1:{number}"))
    else:
        number = free_port(socket.SOCK_STREAM)
        listening = asyncio.create_task(open_port(parse_port(f"tcp-listen://127.0.0.1:{number}")))
        while True:
            try:
                ours = await open_port(parse_port(f"tcp://127.0.0.1:{number}"))
                break
            except LinkError:
                await asyncio.sleep(0)
        device = await listening
    try:
        yield ours, device
    finally:
        await ours.close()
        await device.close()


async def read(transport: Transport, n: int) -> bytes:
    data = b""
    while len(data) < n:
        got = await transport.read()
        assert got
        data += got
    return data


KINDS = ["memory", "serial", "udp", "tcp"]


@pytest.mark.parametrize("kind", KINDS)
async def test_all_256_bytes_pass_both_ways_unchanged(kind: str, tmp_path: Path) -> None:
    async with pair(kind, tmp_path) as (ours, device):
        await ours.write(ALL_BYTES)
        assert await read(device, 256) == ALL_BYTES
        await device.write(ALL_BYTES[::-1])
        assert await read(ours, 256) == ALL_BYTES[::-1]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_read_that_was_cancelled_loses_nothing(kind: str, tmp_path: Path) -> None:
    async with pair(kind, tmp_path) as (ours, device):
        await ours.write(b"hello")
        assert await read(device, 5) == b"hello"
        for _ in range(3):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await ours.read()
        await device.write(b"late")
        assert await read(ours, 4) == b"late"


@pytest.mark.parametrize("kind", ["memory", "tcp"])
async def test_the_end_of_the_other_side_is_empty_bytes(kind: str, tmp_path: Path) -> None:
    async with pair(kind, tmp_path) as (ours, device):
        await device.close()
        assert await ours.read() == b""


async def test_a_peer_that_is_gone_without_a_word_is_noticed(tmp_path: Path) -> None:
    """Both ends, called and accepted, ask whether the other one is there; the system does so, in its own time."""
    async with pair("tcp", tmp_path) as ends:
        for transport in ends:
            assert isinstance(transport, TcpTransport)
            sock: socket.socket = transport._writer.get_extra_info("socket")
            tcp = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
            idle_s, every_s, times, unsent_ms = (sock.getsockopt(socket.IPPROTO_TCP, option) for option in tcp)
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            assert idle_s + every_s * times <= DEAD_S
            assert unsent_ms <= DEAD_S * 1_000


async def test_a_second_caller_is_hung_up_on_and_the_first_goes_on(tmp_path: Path) -> None:
    async with pair("tcp", tmp_path) as (ours, device):
        assert isinstance(ours, TcpTransport)
        number = ours._writer.get_extra_info("peername")[1]
        second = await open_port(parse_port(f"tcp://127.0.0.1:{number}"))
        with suppress(LinkError):
            assert await second.read() == b""
        await second.close()
        await ours.write(b"A")
        assert await device.read() == b"A"


async def test_an_adapter_that_is_pulled_out_is_an_end_or_a_link_error(tmp_path: Path) -> None:
    async with pair("serial", tmp_path) as (ours, device):
        await device.close()
        with suppress(LinkError):
            assert await ours.read() == b""


async def test_datagrams_stay_apart_and_an_empty_one_ends_nothing(tmp_path: Path) -> None:
    async with pair("udp", tmp_path) as (ours, device):
        await ours.write(b"x")
        await device.read()
        for data in (b"one", b"", b"two"):
            await device.write(data)
        assert [await ours.read(), await ours.read()] == [b"one", b"two"]
        assert ours.datagrams


async def test_a_datagram_that_comes_as_its_read_is_cancelled_is_read_next(tmp_path: Path) -> None:
    async with pair("udp", tmp_path) as (ours, device):
        await ours.write(b"x")
        await device.read()
        reading = asyncio.create_task(ours.read())
        await asyncio.sleep(0)
        await device.write(b"value")
        asyncio.get_running_loop().call_later(0, reading.cancel)  # due in the very turn that sees the datagram
        await asyncio.wait([reading])
        assert reading.cancelled()
        async with asyncio.timeout(PATIENCE_S):
            assert await ours.read() == b"value"


async def test_a_serial_line_that_takes_nothing_more_is_closed_all_the_same(tmp_path: Path) -> None:
    async with pair("serial", tmp_path) as (ours, _):
        await ours.write(bytes(40_000))  # more than a pty holds
        async with asyncio.timeout(PATIENCE_S):
            await ours.close()


async def test_a_pty_does_not_take_the_place_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "thesis.txt"
    file.write_text("years")
    with pytest.raises(LinkError, match="File exists"):
        open_pty(file)
    assert file.read_text() == "years"


async def test_a_serial_port_is_opened_exclusively(tmp_path: Path) -> None:
    async with pair("serial", tmp_path):
        with pytest.raises(LinkError, match="in use by another program"):
            await open_port(parse_port(f"serial://{tmp_path}/tty"))


@pytest.mark.parametrize(
    ("port", "cause"),
    [
        ("serial:///dev/no-such-adapter", "is not there"),
        ("tcp://127.0.0.1:1", "nobody listens"),
        ("tcp-listen://192.0.2.1:5000", "cannot listen"),
        ("udp://no-such-host.invalid:24105", "no-such-host"),
    ],
)
async def test_what_cannot_be_opened_says_why(port: str, cause: str) -> None:
    with pytest.raises(LinkError, match=cause):
        await open_port(parse_port(port))


async def test_a_device_that_nobody_reads_does_not_wait_for_ever(tmp_path: Path) -> None:
    device = open_pty(tmp_path / "tty")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await device.write(bytes(1 << 20))
    finally:
        await device.close()
    assert not (tmp_path / "tty").exists()


async def test_the_tap_records_both_ways_in_a_form_that_recordings_read(tmp_path: Path) -> None:
    ours, device = memory_pair()
    tap = CaptureTap(ours, tmp_path / "tap.hex", 1 << 20, lambda: 0)
    await tap.write(b"\x01\x02")
    await device.write(b"\x7e\x00")
    await device.write(b"\x7d")
    await tap.read()
    await tap.read()
    await tap.close()
    got = recording(tmp_path / "tap.hex")
    assert (list(got.chunks()), got.datagrams) == ([b"\x7e\x00", b"\x7d"], False)
    text = (tmp_path / "tap.hex").read_text()
    assert "> 01 02  # 1970-01-01T00:00:00.000000Z" in text


async def test_the_tap_is_bounded_and_a_full_disk_does_not_end_the_connection(tmp_path: Path) -> None:
    ours, device = memory_pair()
    tap = CaptureTap(ours, tmp_path / "tap.hex", 4096, lambda: 0)
    for _ in range(200):
        await device.write(bytes(50))
        assert await tap.read() == bytes(50)
    await tap.close()
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) <= 4096
    assert {file.name for file in tmp_path.iterdir()} == {"tap.hex", "tap.old.hex"}
    for file in (tmp_path / "no" / "such.hex", Path("/dev/full")):
        ours, device = memory_pair()
        tap = CaptureTap(ours, file, 4096, lambda: 0)
        await device.write(b"x")
        assert await tap.read() == b"x"
        await tap.close()
        assert await device.read() == b""
