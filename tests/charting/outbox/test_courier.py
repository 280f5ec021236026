"""The courier: all destinations side by side, lanes in order, nothing lost and nothing sent that is of no use."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from charting.metrics import Metrics
from charting.outbox import courier as courier_module
from charting.outbox import pace, route
from charting.outbox.courier import Courier, Hook
from charting.outbox.http import HttpWire
from charting.outbox.memory import MemoryOutbox
from charting.outbox.parcel import Parcel, Sent, State
from charting.outbox.post import Line, Post
from charting.outbox.wire import Address, Outcome
from charting.store.database import StoreError
from collector.clock import MachineClock
from collector.exposition import samples
from collector.hl7.message import parse
from collector.transport.net import free_port
from tests.charting.outbox.receivers import Mllp, ack, dft, served
from tests.charting.outbox.test_http import Http
from tests.mqtt.broker import until

now_us = MachineClock().utc_us
PATIENT_S = 600.0
"""For an answer that comes, or is not waited for."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses a hundred times shorter."""
    monkeypatch.setattr(pace, "FIRST_S", 0.005)
    monkeypatch.setattr(pace, "LONGEST_S", 0.1)
    monkeypatch.setattr(route, "RECORD_S", 0.01)
    monkeypatch.setattr(courier_module, "LOOK_S", 0.01)
    monkeypatch.setattr(courier_module, "SHOW_US", 10_000)
    monkeypatch.setattr(courier_module, "STOP_S", 0.2)


def parcel(id_: str, to: str = "his", lane: str = "", **said: object) -> Parcel:
    usual = {"key": id_, "to": to, "kind": "DFT^P03", "body": dft(id_), "control": id_, "lane": lane}
    return Parcel(**{**usual, **said})  # type: ignore[arg-type]


@asynccontextmanager
async def carrying(
    post: Post,
    ports: Mapping[str, int],
    metrics: Metrics | None = None,
    hooks: dict[str, Hook] | None = None,
    answer_s: Callable[[], float] = lambda: PATIENT_S,
) -> AsyncIterator[Courier]:
    def place(name: str) -> Address | None:
        scheme = "http" if name == "cds" else "mllp"
        return Address(url=f"{scheme}://127.0.0.1:{ports[name]}", answer_s=answer_s()) if name in ports else None

    made = Courier(post, [lambda _: None, place], now_us, names=list(ports), on_answer=hooks, metrics=metrics)
    stop = asyncio.Event()
    task = asyncio.create_task(made.run(stop))
    try:
        yield made
    finally:
        stop.set()
        await task


def settled(post: Post, *keys: str) -> Callable[[], bool]:
    return lambda: all((sent := post.find(key)) is not None and sent.state is not State.WAITING for key in keys)


def states(post: Post, *keys: str) -> Sequence[State]:
    return [sent.state for key in keys if (sent := post.find(key)) is not None]


def metric(metrics: Metrics, name: str) -> dict[tuple[str, ...], float]:
    found = (each for each in samples(metrics.text().decode()) if each[0] == name)
    return {tuple(labels.values()): value for _, labels, value in found}


async def test_what_is_put_leaves_in_order_and_stays_away_when_it_is_answered() -> None:
    post, receiver, metrics = MemoryOutbox(now_us), Mllp(), Metrics()
    keys = [f"k{n}" for n in range(50)]
    async with served(receiver) as port, carrying(post, {"his": port}, metrics) as courier:
        await asyncio.to_thread(post.put, [parcel(key, lane="a") for key in keys])
        await until(settled(post, *keys), "answered")
        assert courier.standing["his"].up
    assert receiver.ids == keys
    assert receiver.connections == 1
    assert set(states(post, *keys)) == {State.ANSWERED}
    assert metric(metrics, "vitalsd_parcel_attempts_total") == {("his", "answered"): 50.0}
    assert metric(metrics, "vitalsd_parcel_answer_seconds_count") == {("his",): 50.0}


async def test_a_refused_one_is_parked_and_holds_its_lane_until_a_person_decides() -> None:
    post, receiver, metrics = MemoryOutbox(now_us), Mllp(), Metrics()
    receiver.judge = lambda message: ack(message, "AE" if parse(message).control_id == "a2" else "AA")
    async with served(receiver) as port, carrying(post, {"his": port}, metrics) as courier:
        post.put([parcel("a1", lane="a"), parcel("a2", lane="a"), parcel("a3", lane="a"), parcel("b1", lane="b")])
        await until(settled(post, "a2", "b1"), "parked")
        await until(
            lambda: metric(metrics, "vitalsd_parcels") == {("his", "waiting"): 1.0, ("his", "parked"): 1.0}, "told"
        )
        assert states(post, "a1", "a2", "a3", "b1") == [State.ANSWERED, State.PARKED, State.WAITING, State.ANSWERED]
        assert receiver.ids == ["a1", "a2", "b1"]
        assert courier.standing["his"].up
        receiver.judge = ack
        post.resend("a2", "eng", "")
        await until(settled(post, "a2", "a3"), "answered")
        await until(lambda: not any(metric(metrics, "vitalsd_parcels").values()), "told")
    assert receiver.ids == ["a1", "a2", "b1", "a2", "a3"]
    assert receiver.got[1] == receiver.got[3]


async def test_one_that_is_away_or_silent_delays_no_other() -> None:
    post, good, silent, metrics = MemoryOutbox(now_us), Mllp(), Mllp(lambda _: None), Metrics()
    away = free_port(socket.SOCK_STREAM)
    async with served(good) as one, served(silent) as two, served(Http()) as three:
        ports = {"his": one, "lis": two, "pacs": away, "cds": three}
        async with carrying(post, ports, metrics) as courier:
            post.put([parcel(f"{to}{n}", to) for n in range(5) for to in ports] + [parcel("x", "nobody")])
            await until(settled(post, *(f"{to}{n}" for n in range(5) for to in ("his", "cds"))), "answered")
            await until(lambda: "pacs" in courier.standing, "tried")
            assert courier.standing["pacs"].why == "Connection refused"
            assert "nobody" not in courier.standing
            await until(lambda: len(silent.got) == 1, "sent")
            up = {("his",): 1.0, ("cds",): 1.0, ("pacs",): 0.0}
            await until(lambda: metric(metrics, "vitalsd_destination_up") == up, "told")
    assert states(post, "lis0", "pacs0", "x") == [State.WAITING] * 3
    sent = post.find("x")
    assert sent is not None
    assert sent.attempts == 0


async def test_who_does_not_answer_gets_the_same_bytes_again_and_the_next_only_then() -> None:
    post, receiver, limit_s = MemoryOutbox(now_us), Mllp(lambda _: None), [0.3]
    async with served(receiver) as port, carrying(post, {"his": port}, answer_s=lambda: limit_s[0]) as courier:
        post.put([parcel("a1", lane="a"), parcel("a2", lane="a"), parcel("b1", lane="b")])
        await until(lambda: receiver.ids.count("a1") >= 3, "sent three times")
        # a connection, too, may once take longer than that
        await until(lambda: courier.standing["his"].why == "no answer within 0.3 s", "told")
        assert not courier.standing["his"].up
        assert "b1" in receiver.ids
        receiver.judge, limit_s[0] = ack, PATIENT_S
        await until(settled(post, "a1", "a2", "b1"), "answered")
        assert courier.standing["his"].up
    assert max(n for n, id_ in enumerate(receiver.ids) if id_ == "a1") < receiver.ids.index("a2")
    assert set(receiver.got) == {dft("a1"), dft("a2"), dft("b1")}


async def test_a_destination_that_comes_back_gets_all_in_order() -> None:
    post, receiver, port = MemoryOutbox(now_us), Mllp(), free_port(socket.SOCK_STREAM)
    keys = [f"k{n}" for n in range(30)]
    post.put([parcel(key, lane="a") for key in keys])
    async with carrying(post, {"his": port}) as courier:
        await until(lambda: "his" in courier.standing, "tried")
        server = await asyncio.start_server(receiver, "127.0.0.1", port)
        await until(settled(post, *keys), "answered")
    server.close()
    assert receiver.ids == keys


async def test_what_is_late_never_leaves() -> None:
    post, receiver, metrics = MemoryOutbox(now_us), Mllp(), Metrics()
    async with served(receiver) as port, carrying(post, {"his": port}, metrics):
        post.put([parcel("a1", lane="a", until_us=now_us() - 1), parcel("a2", lane="a", until_us=now_us() + 10**9)])
        await until(settled(post, "a1", "a2"), "done with")
    assert states(post, "a1", "a2") == [State.EXPIRED, State.ANSWERED]
    assert receiver.ids == ["a2"]
    assert metric(metrics, "vitalsd_parcels_expired_total") == {("his",): 1.0}


async def test_who_waits_for_an_answer_is_told_at_least_once_and_again_until_he_has_it() -> None:
    post, told = MemoryOutbox(now_us), list[tuple[str, bytes]]()

    def hook(sent: Sent) -> None:
        told.append((sent.parcel.key, sent.answer))
        if len(told) == 1:
            raise StoreError("the database is away")
        if sent.parcel.key == "b":
            raise KeyError("王芳")

    post.put([parcel("x", "cds", kind="hook"), parcel("y", "cds"), parcel("b", "cds", kind="hook"),
              parcel("z", "cds", kind="hook")])  # fmt: skip
    async with served(Http(ends=False)) as port:
        async with carrying(post, {"cds": port}, hooks={"hook": hook}):
            await until(settled(post, "x", "y", "b", "z"), "answered")
            await until(lambda: [sent.parcel.key for sent in post.untold(9)] == ["b"], "taken")
        assert [key for key, _ in told].count("x") == 2
        async with carrying(post, {"cds": port}, hooks={"hook": lambda sent: told.append((sent.parcel.key, b""))}):
            await until(lambda: not post.untold(9), "told after the next start")
    assert told[-1] == ("b", b"")
    assert ("z", b"{}") in told
    assert "y" not in dict(told)


async def test_an_answer_that_cannot_be_kept_yet_is_kept_later_and_nothing_else_leaves_meanwhile() -> None:
    class Away(MemoryOutbox):
        fails = 3

        def answer(self, key: str, answer: bytes, *, told: bool) -> None:
            if self.fails:
                self.fails -= 1
                raise StoreError("the database is away")
            super().answer(key, answer, told=told)

    post, receiver = Away(now_us), Mllp()
    post.put([parcel("a1", lane="a"), parcel("a2", lane="a")])
    async with served(receiver) as port, carrying(post, {"his": port}):
        await until(settled(post, "a1", "a2"), "answered")
    assert receiver.ids == ["a1", "a2"]


async def test_a_database_that_is_away_and_an_error_that_nobody_foresaw_end_nothing() -> None:
    class Broken(MemoryOutbox):
        errors = [StoreError("away"), KeyError("王芳")]  # noqa: RUF012

        def due(self, to: str, limit: int) -> Sequence[Line]:
            if self.errors:
                raise self.errors.pop()
            return super().due(to, limit)

    post, receiver = Broken(now_us), Mllp()
    post.put([parcel("a1")])
    async with served(receiver) as port, carrying(post, {"his": port}):
        await until(settled(post, "a1"), "answered")


async def test_one_that_fails_as_nobody_foresaw_holds_up_no_other_lane(monkeypatch: pytest.MonkeyPatch) -> None:
    post, receiver, send = MemoryOutbox(now_us), Http(ends=False), HttpWire.send

    async def failing(wire: HttpWire, each: Parcel) -> Outcome:
        if each.key == "a1":
            raise KeyError("王芳")
        return await send(wire, each)

    monkeypatch.setattr(HttpWire, "send", failing)
    post.put([parcel("a1", "cds", "a"), parcel("a2", "cds", "a"), parcel("b1", "cds", "b")])
    async with served(receiver) as port, carrying(post, {"cds": port}):
        await until(settled(post, "b1"), "answered")
        first = post.find("a1")
    assert states(post, "a1", "a2", "b1") == [State.WAITING, State.WAITING, State.ANSWERED]
    assert first is not None
    assert first.reason.startswith("KeyError at test_courier.py:")


async def test_a_person_can_end_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "FIRST_S", 3600.0)
    monkeypatch.setattr(pace, "LONGEST_S", 3600.0)
    post, receiver = MemoryOutbox(now_us), Mllp(lambda _: b"")
    post.put([parcel("a1")])
    async with served(receiver) as port, carrying(post, {"his": port}) as courier:
        await until(lambda: courier.standing.get("his") is not None, "tried")
        await until(lambda: (sent := post.find("a1")) is not None and sent.reason != "", "kept")
        receiver.judge = ack
        await asyncio.to_thread(post.resend, "a1", "eng", "")
        await asyncio.to_thread(courier.hurry, "his")
        await asyncio.to_thread(courier.hurry, "nobody")
        await until(settled(post, "a1"), "answered")
    assert receiver.ids == ["a1", "a1"]


async def test_a_destination_may_be_made_and_moved_while_it_runs() -> None:
    post, one, two, metrics = MemoryOutbox(now_us), Http(ends=False), Http(ends=False), Metrics()
    where: dict[str, Address] = {}
    courier, stop = Courier(post, [where.get], now_us, metrics=metrics), asyncio.Event()
    task = asyncio.create_task(courier.run(stop))
    async with served(one) as first, served(two) as second:
        post.put([parcel("k1", "subscription:7", path="/a")])
        await until(
            lambda: (
                metric(metrics, "vitalsd_parcels")
                == {("subscription", "waiting"): 1.0, ("subscription", "parked"): 0.0}
            ),
            "seen",
        )
        where["subscription:7"] = Address(url=f"http://127.0.0.1:{first}", answer_s=PATIENT_S)
        await until(settled(post, "k1"), "answered")
        where["subscription:7"] = Address(url=f"http://127.0.0.1:{second}", answer_s=PATIENT_S)
        post.put([parcel("k2", "subscription:7", path="/b")])
        await until(settled(post, "k2"), "answered")
        await until(lambda: metric(metrics, "vitalsd_destination_up") == {("subscription",): 1.0}, "told")
        stop.set()
        await task
    assert [line.split()[1] for each in (one, two) for line, _, _ in each.got] == ["/a", "/b"]


async def test_what_is_under_way_at_the_end_is_answered_yet_and_nothing_new_leaves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(courier_module, "STOP_S", PATIENT_S)
    post, receiver, go_on = MemoryOutbox(now_us), Mllp(), asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        message = (await reader.readuntil(b"\x1c\r"))[1:-2]
        receiver.got.append(message)
        await go_on.wait()
        writer.write(ack(message))
        await reader.read()

    post.put([parcel("a1"), parcel("a2")])
    places = {}
    stop = asyncio.Event()
    async with served(slow) as port:
        places["his"] = Address(url=f"mllp://127.0.0.1:{port}", answer_s=PATIENT_S)
        task = asyncio.create_task(Courier(post, [places.get], now_us).run(stop))
        await until(lambda: receiver.got, "under way")
        stop.set()
        go_on.set()
        await task
    assert states(post, "a1", "a2") == [State.ANSWERED, State.WAITING]


def test_pauses_grow_to_five_minutes_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for failures, longest in ((1, 0.5), (2, 1.0), (5, 8.0), (10, 256.0), (11, 300.0), (10_000, 300.0)):
        made = [pace.pause_s(failures) for _ in range(50)]
        assert longest / 2 <= min(made) < max(made) <= longest
