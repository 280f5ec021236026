"""Whose a frame is, on a connection for one bed and on one for many; acknowledged only when it is durable."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace

import pytest

from collector.clock import MachineClock
from collector.driver import DriverSpec
from collector.errors import LinkError
from collector.metrics import Metrics
from collector.model import (
    AlarmPhase,
    Channel,
    Condition,
    DeviceIdentity,
    Entry,
    Event,
    Frame,
    Identity,
    Observation,
    Priority,
    Reading,
)
from collector.normalize import Normalizer
from collector.placing import MOST_UNKNOWN, ManyBeds, OneBed, Placing, spread, strays
from collector.runner import Runner
from collector.status import DeviceState, LinkFault
from collector.taken import MOST, Taken
from collector.technical import GATEWAY, Technical
from collector.transport.base import Transport
from collector.transport.memory import memory_pair
from tests.collector.test_runner import PATIENCE_S, SILENCE_S, SPEC, Kept, SlowKept, Toy, _Options, living, until
from tests.journal.entries import condition

RATE = Channel(code="MDC_ECG_HEART_RATE", source="hr", unit="/min")


class Gateway(Toy):
    """LOCATION|VALUE|NUMBER and a new line; each is acknowledged by its number."""

    def __init__(self) -> None:
        self._rest = b""
        self._answers = b""

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        del now
        *messages, self._rest = (self._rest + data).split(b"\n")
        found: list[Event] = []
        for message in messages:
            location, value, number = message.decode().split("|")
            self._answers += f"ack {number}\n".encode()
            found.append(Frame(offset=0, length=len(message), kind="message", location=location, digest=int(number)))
            found.append(Observation(channel=RATE, value=float(value)))
        return found

    def outgoing(self) -> bytes:
        answers, self._answers = self._answers, b""
        return answers

    def deadline(self) -> float | None:
        return None

    def close(self, now: float) -> None:
        del now

    def finish(self) -> Sequence[Event]:
        return ()


ACKNOWLEDGED = replace(
    SPEC, session=lambda _options, _datagrams, _standing: Gateway(), durable_first=True, silence_s=60.0
)


def normalizer(bed: str) -> Normalizer:
    return Normalizer(bed=bed, device="d")


def runner_of(kept: Kept, placing: Placing, spec: DriverSpec = ACKNOWLEDGED, port: str = "tcp://x:1") -> Runner:
    clock = MachineClock()
    return Runner(
        name="d",
        port=port,
        spec=spec,
        options=_Options(),
        placing=placing,
        append=kept.append,
        clock=clock,
        metrics=Metrics("OR", clock.utc_us),
    )


async def told(device: Transport, answers: int) -> bytes:
    said = b""
    async with asyncio.timeout(PATIENCE_S):
        while said.count(b"\n") < answers:
            said += await device.read()
    return said


def kept_at(kept: Kept) -> list[tuple[str, float | None]]:
    return [(one.series.bed, one.value) for one in kept.entries if isinstance(one, Reading)]


async def test_nothing_is_acknowledged_before_it_is_durable() -> None:
    kept = SlowKept()
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner_of(kept, OneBed(normalizer("OR"))), connect):
        await device.write(b"A|61|1\n")
        await until(lambda: kept.held == 1)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await device.read()
        kept.may_end.release()
        assert await told(device, 1) == b"ack 1\n"
        assert kept_at(kept) == [("OR", 61.0)]


async def test_a_message_whose_acknowledgement_was_lost_is_stored_once() -> None:
    kept = Kept()
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner_of(kept, OneBed(normalizer("OR"))), connect):
        await device.write(b"A|61|1\nA|62|2\nA|62|2\nA|61|1\nA|61|3\n")
        assert await told(device, 5) == b"ack 1\nack 2\nack 2\nack 1\nack 3\n"
    assert kept_at(kept) == [("OR", 61.0), ("OR", 62.0), ("OR", 61.0)]


async def test_what_could_not_be_kept_is_new_when_it_is_sent_again() -> None:
    class Once(Kept):
        """Refuses what it is given first, as a row that no table holds."""

        refused = 0

        async def append(self, entries: Sequence[Entry], inputs: dict[str, int]) -> None:
            if not self.refused:
                self.refused += 1
                raise ValueError("no row holds it")
            await super().append(entries, inputs)

    kept = Once()
    lines = [memory_pair(), memory_pair()]
    devices = [device for _, device in lines]

    async def connect() -> Transport:
        return lines.pop(0)[0]

    async with living(runner_of(kept, OneBed(normalizer("OR"))), connect):
        await devices[0].write(b"A|61|1\n")
        assert await devices[0].read() == b"", "not acknowledged, and hung up"
        await devices[1].write(b"A|61|1\n")
        assert await told(devices[1], 1) == b"ack 1\n"
    assert kept_at(kept) == [("OR", 61.0)]


async def test_a_daemon_that_is_stopped_acknowledges_nothing_before_it_is_durable() -> None:
    kept = SlowKept()
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    running = asyncio.create_task(runner_of(kept, OneBed(normalizer("OR"))).run(connect, {}))
    await device.write(b"A|61|1\n")
    await until(lambda: kept.held == 1)
    running.cancel()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await device.read()
    kept.may_end.release()
    assert await told(device, 1) == b"ack 1\n"
    assert kept_at(kept) == [("OR", 61.0)]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_alarm_that_a_message_ends_by_coming_ends_though_the_message_is_known() -> None:
    class Ending(Gateway):
        """Each message ends what was standing."""

        def receive(self, data: bytes, now: float) -> Sequence[Event]:
            return [*super().receive(data, now), condition(1, AlarmPhase.END, source="old").alarm]

    kept = Kept()
    spec = replace(ACKNOWLEDGED, session=lambda _options, _datagrams, _standing: Ending())
    normal = normalizer("OR")
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    async with living(runner_of(kept, OneBed(normal), spec), connect):
        await device.write(b"A|61|1\n")
        await told(device, 1)
        normal.recall((), [condition(1, AlarmPhase.START, source="old")])
        for _ in range(2):
            await device.write(b"A|61|1\n")
            await told(device, 1)
    ends = [one for one in kept.entries if isinstance(one, Condition)]
    assert len(ends) == 2, "one with the first message, one with the second, none with the third"
    assert kept_at(kept) == [("OR", 61.0)]


async def test_it_is_known_again_after_the_daemon_was_killed() -> None:
    """What the journal has of it comes with the readings, in one commit."""
    kept, again = Kept(), Kept()
    for number, life in enumerate((kept, again)):
        ours, device = memory_pair()

        async def connect(line: Transport = ours) -> Transport:
            return line

        runner = runner_of(life, OneBed(normalizer("OR")))
        running = asyncio.create_task(runner.run(connect, kept.inputs))
        await device.write(b"A|61|41\n" if number == 0 else b"A|61|41\nA|63|42\n")
        await told(device, number + 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert kept_at(kept) == [("OR", 61.0)]
    assert kept_at(again) == [("OR", 63.0)]


def test_as_many_are_known_as_may_be_under_way_also_after_several_kills() -> None:
    inputs: dict[str, int] = {"d message": 5, "d /a/message 2026-01-01T00:00:00Z": 7, "other message 0": 9}
    number = 0
    for life in (MOST + 10, 3, 5, MOST - 1):
        taken = Taken("d", inputs)
        for _ in range(life):
            number += 1
            inputs |= taken.positions([number])
            taken.add([number])
        for known in (taken, Taken("d", inputs)):
            assert [n for n in range(number + 1) if n in known] == list(range(number - MOST + 1, number + 1))
    assert 9 not in Taken("d", inputs)


async def test_two_patients_never_mix_at_one_bed() -> None:
    kept = Kept()
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    runner = runner_of(kept, OneBed(normalizer("OR")))
    async with living(runner, connect):
        await device.write(b"A|61|1\nB|140|2\n|62|3\nA|63|4\n")
        await told(device, 4)
        assert (runner.status.frames, runner.status.rejected) == (3, 1)
        assert runner.status.strays == ("B",)
    assert [value for _, value in kept_at(kept)] == [61.0, 62.0, 63.0]


async def test_a_bed_that_has_another_name_is_heard_in_the_next_dialogue() -> None:
    placing = OneBed(normalizer("OR"))
    assert placing.of("A") is placing.of("")
    assert placing.of("B") is None
    placing.connected()
    assert placing.of("B") is not None
    assert placing.of("A") is None


async def test_each_value_of_a_feed_is_at_its_bed_and_what_is_nobodys_is_kept_and_told() -> None:
    kept = Kept()
    ours, device = memory_pair()

    async def connect() -> Transport:
        return ours

    placing = ManyBeds("FEED", {"ICU^^7": "ICU-07", "ICU^^8^": "ICU-08"}, normalizer)
    runner = runner_of(kept, placing)
    async with living(runner, connect):
        await device.write(b"ICU^^7^|61|1\nICU^^8|72|2\nICU^^9|83|3\n|50|4\nICU^^9|84|5\n")
        await told(device, 5)
        assert runner.status.strays == ("ICU^^9",)
    assert kept_at(kept) == [
        ("ICU-07", 61.0),
        ("ICU-08", 72.0),
        ("FEED:ICU^^9", 83.0),
        ("FEED", 50.0),
        ("FEED:ICU^^9", 84.0),
    ]
    technical = Technical("FEED", lambda: 1)
    (raised,) = strays(technical, [runner.status])
    assert (raised.bed, raised.alarm.text) == ("FEED", "d: no bed is named for ICU^^9")
    assert raised.alarm.priority is Priority.MEDIUM
    assert strays(technical, [runner.status]) == []
    (cleared,) = strays(technical, [replace(runner.status, strays=())])
    assert cleared.alarm.phase is AlarmPhase.END


def test_what_stood_at_the_beds_of_a_feed_is_told_to_the_next_dialogue_with_its_location() -> None:
    placing = ManyBeds("FEED", {"ICU^^7": "ICU-07", "ICU^^8^": "ICU-08"}, normalizer)
    for location, source in (("ICU^^7", "a"), ("ICU^^8", "b"), ("", "c")):
        found = placing.of(location)
        assert found is not None
        found.entries([condition(1, AlarmPhase.START, source=source).alarm], 1)
    assert [(alarm.location, alarm.source) for alarm in placing.standing] == [("ICU^^7", "a"), ("ICU^^8", "b")]


def test_what_stands_at_a_location_without_a_bed_is_continued_too() -> None:
    placing = ManyBeds("FEED", {"A": "ICU-1"}, normalizer)
    for location in ("A", "B"):
        found = placing.of(location)
        assert found is not None
        found.entries([condition(1, AlarmPhase.START).alarm], 1)
    assert sorted(alarm.location for alarm in placing.standing) == ["A", "B"]


def test_a_flood_of_locations_is_bounded() -> None:
    placing = ManyBeds("FEED", {"A": "ICU-1"}, normalizer)
    found = [placing.of(f"X{number}") for number in range(2 * MOST_UNKNOWN)]
    assert sum(one is not None for one in found) == MOST_UNKNOWN
    assert placing.of("A") is not None


def test_what_a_feeds_gateway_tells_of_itself_holds_at_each_of_its_beds() -> None:
    of_gateway = replace(condition(1, AlarmPhase.START), bed="FEED", device=GATEWAY)
    of_device = replace(condition(1, AlarmPhase.START), bed="ICU-1", device="d")
    identity = Identity(bed="FEED", device="d", time_us=1, identity=DeviceIdentity(model="x"))
    stray, signal = (
        replace(of_gateway, alarm=replace(of_gateway.alarm, source=source)) for source in ("location:d", "signal:HR::d")
    )
    told: list[Entry] = [of_gateway, of_device, identity, stray, signal]
    found = spread(told, "FEED", ["ICU-1", "ICU-2"], ("signal:",))
    assert list(found[:5]) == told
    assert [one.bed for one in found[5:] if isinstance(one, Condition)] == ["ICU-1", "ICU-2"]


def test_of_many_locations_without_a_bed_some_are_named() -> None:
    device = replace(runner_of(Kept(), OneBed(normalizer("OR"))).status, strays=[f"X{n}" for n in range(20)])
    (raised,) = strays(Technical("FEED", lambda: 1), [device])
    assert raised.alarm.text == "d: no bed is named for X0, X1, X2, X3, X4, X5, X6, X7 and 12 more"


class Library:
    """A source that says what it is told to say."""

    def __init__(self, script: Sequence[Sequence[Event] | Exception], opened: Callable[[], None]) -> None:
        self._script, self._opened = script, opened

    async def open(self) -> None:
        if not self._script:
            raise LinkError("nobody listens")
        self._opened()

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        for events in self._script:
            if isinstance(events, Exception):
                raise events
            yield events
        await asyncio.Event().wait()

    async def close(self) -> None:
        self._opened()


def value(number: float) -> Sequence[Event]:
    return [Frame(offset=0, length=0, kind="poll"), Observation(channel=RATE, value=number)]


@pytest.mark.parametrize(
    ("first", "state", "fault"),
    [
        ([value(1.0)], DeviceState.SILENT, LinkFault.UNREACHABLE),
        ([value(1.0), LinkError("broken")], DeviceState.WAITING, LinkFault.UNREACHABLE),
        ([value(1.0), ZeroDivisionError()], DeviceState.WAITING, LinkFault.FAILED),
        ([], DeviceState.WAITING, LinkFault.UNREACHABLE),
    ],
    ids=["silent", "broken", "raises", "unreachable"],
)
async def test_a_library_that_fails_is_made_anew(
    first: Sequence[Sequence[Event] | Exception], state: DeviceState, fault: LinkFault
) -> None:
    kept, opened, states = Kept(), [0], []
    scripts = [first, [value(2.0), value(3.0)]]
    runner = runner_of(kept, OneBed(normalizer("OR")), SPEC, port="mqtt://x:1/t")

    def new(_standing: object) -> Library:
        def count() -> None:
            opened[0] += 1

        states.append((runner.status.state, runner.status.fault))
        runner._silence_s = SILENCE_S if len(states) == 1 else SPEC.silence_s
        return Library(scripts.pop(0) if scripts else [value(4.0)], count)

    running = asyncio.create_task(runner.follow(new, {}))
    await until(lambda: 3.0 in kept.values)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert states[1] == (state, fault)
    assert kept.values[-2:] == [2.0, 3.0]
    assert runner.status.state is DeviceState.RECEIVING
    assert opened[0] in {3, 4}, "each was closed"
