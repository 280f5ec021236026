"""The dialogue, byte for byte, and with pymodbus's own server."""

import asyncio
import contextlib
import os
import tty
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from socket import SOCK_STREAM
from typing import Any

import pytest

from collector.config import load
from collector.driver import Simulated
from collector.errors import LinkError, UsageError
from collector.model import AlarmCondition, Event, Frame, Observation, Quality, Rejected
from collector.transport.base import Port
from collector.transport.net import free_port
from drivers.modbus.options import Options
from drivers.modbus.peer import ModbusPeer
from drivers.modbus.simulated import EXAMPLE
from drivers.modbus.source import ModbusSource
from tests.drivers.modbus.device import crc, on_a_line, on_a_socket, until

FAST: dict[str, Any] = {"poll_s": 0.2, "timeout_s": 10.0}
HASTY_S = 2.0
"""The wait for an answer that does not come. One that comes must not take so long on a slow machine."""


def options(*registers: dict[str, Any], **more: Any) -> Options:
    return Options.model_validate({**FAST, "registers": registers, **more})


def values(events: list[Event]) -> list[tuple[str, float | str | None]]:
    return [(e.channel.source, e.value) for e in events if isinstance(e, Observation)]


@asynccontextmanager
async def listening(options: Options, port: Port) -> AsyncIterator[AsyncIterator[Any]]:
    async with heard_by(ModbusSource(options, port)) as told:
        yield told


@asynccontextmanager
async def heard_by(source: ModbusSource) -> AsyncIterator[AsyncIterator[Any]]:
    await source.open()
    try:
        async with contextlib.aclosing(aiter(source)) as told:  # type: ignore[type-var]
            yield told
    finally:
        await source.close()


def framed(request: bytes, pdu: bytes) -> bytes:
    """A reply to a request over TCP: its transaction, protocol 0, length, unit."""
    return request[:4] + (len(pdu) + 1).to_bytes(2, "big") + request[6:7] + pdu


EXAMPLE_REQUEST = bytes.fromhex("03 006B 0003")
EXAMPLE_REPLY = bytes.fromhex("03 06 022B 0000 0064")
"""Modbus Application Protocol V1.1b3 §6.3, read holding registers."""
THREE = [{"address": 107 + n, "source": f"{108 + n}", "unit_id": 17} for n in range(3)]


async def test_the_worked_example_over_tcp() -> None:
    async with (
        on_a_socket(lambda request: framed(request, EXAMPLE_REPLY)) as (device, port),
        listening(options(*THREE), port) as told,
    ):
        events = await until(told, len)
    assert device.asked[0][2:] == bytes.fromhex("0000 0006 11") + EXAMPLE_REQUEST
    assert events[0] == Frame(offset=0, length=15, kind="holding")
    assert values(events) == [("108", 555), ("109", 0), ("110", 100)]


async def test_the_worked_example_on_a_line() -> None:
    reply = b"\x11" + EXAMPLE_REPLY
    async with (
        on_a_line(lambda _: reply + crc(reply)) as (device, port),
        listening(options(*THREE), port) as told,
    ):
        events = await until(told, len)
    request = b"\x11" + EXAMPLE_REQUEST
    assert device.asked[0] == request + crc(request)
    assert events[0] == Frame(offset=0, length=11, kind="holding")
    assert values(events) == [("108", 555), ("109", 0), ("110", 100)]


def bits_and_registers(request: bytes) -> bytes:
    """Any device: every register is 7, every bit is 1."""
    function, count = request[7], int.from_bytes(request[10:12], "big")
    size = -(-count // 8) if function < 3 else 2 * count
    return framed(request, bytes([function, size]) + (b"\xff" * size if function < 3 else b"\x00\x07" * count))


async def test_only_functions_that_read_ever_leave() -> None:
    mine = options(
        *({"address": 3, "source": kind, "kind": kind} for kind in ("holding", "input", "coil", "discrete")),
        alarms=[{"address": 9, "source": "a", "kind": "coil", "text": "", "priority": "low"}],
    )
    async with on_a_socket(bits_and_registers) as (device, port), listening(mine, port) as told:
        events = await until(told, lambda heard: sum(isinstance(e, Frame) for e in heard) > 10)
    assert {request[7] for request in device.asked} == {1, 2, 3, 4}
    assert all(len(request) == 12 and request[2:6] == b"\0\0\0\x06" for request in device.asked)
    assert {("holding", 7.0), ("input", 7.0), ("coil", 1.0), ("discrete", 1.0)} == set(values(events))
    assert sum(isinstance(e, AlarmCondition) for e in events) == 1


async def test_a_block_that_fails_does_not_stop_the_others_and_ends_once() -> None:
    broken: set[int] = set()

    def answer(request: bytes) -> bytes | None:
        address = int.from_bytes(request[8:10], "big")
        if address in broken:
            return framed(request, b"\x83\x02") if address == 0 else None
        return bits_and_registers(request)

    mine = options(*({"address": 10 * n, "source": f"{n}"} for n in range(3)), timeout_s=HASTY_S)
    async with on_a_socket(answer) as (_, port), listening(mine, port) as told:
        await until(told, lambda heard: ("2", 7) in values(heard))
        broken |= {0, 10}
        events = await until(told, lambda heard: values(heard).count(("2", 7)) == 3)
    assert values(events).count(("0", None)) == values(events).count(("1", None)) == 1
    reasons = [e.reason for e in events if isinstance(e, Rejected)]
    assert set(reasons) == {"exception 2: illegal address"}
    assert [e.quality for e in events if isinstance(e, Observation) and e.value is None] == [Quality.NOT_AVAILABLE] * 2


async def test_over_tcp_a_late_reply_is_known_by_its_transaction() -> None:
    held: list[bytes] = []

    def answer(request: bytes) -> bytes | None:
        unit = request[6]
        reply = framed(request, bytes([3, 2, 0, unit]))
        if unit == 1:
            held.append(reply)
            return None
        return b"".join(held) + reply

    registers = {"address": 0, "source": "one"}, {"address": 0, "source": "two", "unit_id": 2}
    mine = options(*registers, timeout_s=HASTY_S)
    async with on_a_socket(answer) as (_, port), listening(mine, port) as told:
        events = await until(told, lambda heard: len(values(heard)) == 2)
    assert values(events) == [("two", 2), ("two", 2)]


async def test_over_tcp_a_reply_without_a_transaction_is_none() -> None:
    transactions = [b"\0\0"]

    def answer(request: bytes) -> bytes:
        transaction = transactions.pop() if transactions else request[:2]
        return framed(transaction + request[2:], b"\x03\x02\0\x09")

    mine = options({"address": 0, "source": "x"})
    async with on_a_socket(answer) as (_, port), listening(mine, port) as told:
        events = await until(told, values)
    assert isinstance(events[0], Rejected)
    assert events[0].reason == "not the reply to the request"
    assert values(events) == [("x", 9)]


async def test_on_a_line_a_late_reply_is_never_anothers() -> None:
    """Two blocks of one unit and one size: nothing in the bytes tells their replies apart."""
    late: list[asyncio.Task[None]] = []
    sources: list[ModbusSource] = []

    async def given_up(reply: bytes) -> None:
        while sources[0]._asking:
            await asyncio.sleep(0)
        device.say(reply)

    def answer(request: bytes) -> bytes | None:
        reply = bytes([1, 3, 2, 0, 11 if request[3] == 0 else 22])
        reply += crc(reply)
        if request[3] == 0:
            late.append(asyncio.create_task(given_up(reply)))
            return None
        return reply

    mine = options({"address": 0, "source": "slow"}, {"address": 9, "source": "quick"}, timeout_s=HASTY_S)
    async with on_a_line(answer) as (device, port):
        sources.append(ModbusSource(mine, port))
        async with heard_by(sources[0]) as told:
            events = await until(told, lambda heard: len(values(heard)) == 2)
    assert values(events) == [("quick", 22), ("quick", 22)]
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["late reply"]


async def test_a_reply_of_another_length_or_function_is_none() -> None:
    pdus = [b"\x03\x04\0\x01\0\x02", b"\x04\x02\0\x01", b"\x03\x02\0\x09"]
    mine = options({"address": 0, "source": "x"})
    async with (
        on_a_socket(lambda request: framed(request, pdus.pop(0))) as (_, port),
        listening(mine, port) as told,
    ):
        events = await until(told, values)
    assert [e.reason for e in events if isinstance(e, Rejected)] == ["not the reply to the request"] * 2
    assert values(events) == [("x", 9)]


async def test_a_closed_connection_is_a_link_error() -> None:
    async with on_a_socket(bits_and_registers) as (device, port), listening(options(*THREE), port) as told:
        await until(told, values)
        device.hang_up()
        with pytest.raises(LinkError, match="ended the connection"):
            await until(told, lambda _: False)


async def test_a_line_that_goes_is_a_link_error() -> None:
    master, slave = os.openpty()
    tty.setraw(slave)
    async with listening(options(*THREE), Port(text="", scheme="serial", path=os.ttyname(slave), settings={})) as told:
        os.close(master)
        os.close(slave)
        with pytest.raises(LinkError, match="ended the connection"):
            await until(told, lambda _: False)


async def test_where_nobody_is_the_cause_is_told(tmp_path: Path) -> None:
    nobody = Port(text="", scheme="tcp", host="127.0.0.1", number=free_port(SOCK_STREAM), settings={})
    with pytest.raises(LinkError, match="nobody answers"):
        await ModbusSource(options(*THREE), nobody).open()
    with pytest.raises(LinkError, match="is not there"):
        await ModbusSource(options(*THREE), Port(text="", scheme="serial", path="/dev/no-tty", settings={})).open()
    (tmp_path / "file").touch()
    with pytest.raises(LinkError, match=r"file|no serial line"):
        await ModbusSource(
            options(*THREE), Port(text="", scheme="serial", path=str(tmp_path / "file"), settings={})
        ).open()


def test_a_line_has_no_unit_0() -> None:
    with pytest.raises(UsageError, match="unit_id 0"):
        ModbusSource(options({"address": 0, "source": "x", "unit_id": 0}), Port(text="", scheme="serial", settings={}))


@contextmanager
def line() -> Iterator[tuple[Port, Port]]:
    """Both ends of a serial line: two ptys, and what is written to one comes out of the other."""
    loop = asyncio.get_running_loop()
    ends = [os.openpty(), os.openpty()]
    for (master, slave), (other, _) in (ends, ends[::-1]):
        tty.setraw(slave)
        loop.add_reader(master, lambda a=master, b=other: os.write(b, os.read(a, 1_000)))  # type: ignore[misc]
    try:
        one, other_end = (
            Port(text="", scheme="serial", path=os.ttyname(slave), settings={"baud": "115200"}) for _, slave in ends
        )
        yield one, other_end
    finally:
        for master, slave in ends:
            loop.remove_reader(master)
            os.close(master)
            os.close(slave)


@contextmanager
def socket() -> Iterator[tuple[Port, Port]]:
    port = Port(text="", scheme="tcp", host="127.0.0.1", number=free_port(SOCK_STREAM), settings={})
    yield port, port


@pytest.mark.parametrize("between", [line, socket])
async def test_what_pymodbus_serves_is_heard(between: Callable[[], Any]) -> None:
    said: list[Event] = []
    times = iter(range(10_000))
    with between() as (here, there):
        peer = ModbusPeer(Simulated(patient=None), there, lambda: 10.0 * next(times))
        await peer.open()

        async def note() -> None:
            async for events in peer:
                said.extend(events)

        noting = asyncio.create_task(note())
        async with listening(Options.model_validate({**EXAMPLE, **FAST}), here) as told:
            heard = await until(told, lambda heard: sum(isinstance(e, Frame) for e in heard) >= 16)
        noting.cancel()
        await peer.close()
    assert set(values(heard)) <= set(values(said))
    assert {source for source, _ in values(heard)} == {one["source"] for one in EXAMPLE["registers"]}
    alarms = [(e.source, e.phase) for e in heard if isinstance(e, AlarmCondition)]
    assert alarms == [(e.source, e.phase) for e in said if isinstance(e, AlarmCondition)][: len(alarms)]
    assert alarms


@pytest.mark.parametrize("function", [5, 6, 15, 16, 22, 23])
async def test_the_simulated_device_cannot_be_written_to(function: int) -> None:
    with socket() as (port, _):
        peer = ModbusPeer(Simulated(patient=None), port, lambda: 0.0)
        await peer.open()
        reader, writer = await asyncio.open_connection(port.host, port.number)
        body = {15: "00010001 01 01", 16: "00010001 02 0001", 22: "0001 0001 0001", 23: "00010001 00010001 02 0001"}
        pdu = bytes([function]) + bytes.fromhex(body.get(function, "0001 FF00"))
        writer.write(framed(b"\0\x01\0\0\0\0\x01", pdu))
        reply = await reader.readexactly(9)
        assert reply[7] == function | 0x80
        writer.close()
        await peer.close()


def test_the_sample_is_a_bed() -> None:
    config = load(Path(__file__).parents[3] / "drivers/modbus/sample.toml")
    assert {device.spec.name for device in config.device} == {"modbus"}
