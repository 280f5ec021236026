"""The host's side of the link, against a simulated device and against a scripted one (sheet §4, §11, §12)."""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from itertools import pairwise

import pytest

from collector.model import (
    AlarmCondition,
    Association,
    AssociationState,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
    Waveform,
)
from drivers.draeger_medibus.frames import Framer, Item, Message, Record, command, response
from drivers.draeger_medibus.options import Options
from drivers.draeger_medibus.session import MedibusSession
from drivers.draeger_medibus.speaker import Faults
from drivers.draeger_medibus.workstation import EVITA_XL, MEDIBUS_X, Model
from tests.drivers.draeger_medibus.link import EPOCH_US, Link

ICC = bytes.fromhex("1b 51 36 43 0d")
ICC_ANSWER = bytes.fromhex("01 51 35 32 0d")
STOP = bytes.fromhex("1b 55 37 30 0d")
NOP = bytes.fromhex("1b 30 34 42 0d")
NOP_ANSWER = bytes.fromhex("01 30 33 31 0d")
FULL_ANSWER = re.compile(rb"\x01R0161'[^']+'\d\d\.\d\d:\d\d\.\d\d[0-9A-F]{2}\r")


def said(events: Sequence[Event]) -> Counter[Event]:
    """What was said of the patient and the device; samples and frames apart."""
    kinds = Observation | AlarmCondition | DeviceIdentity | PatientIdentity | DeviceClock
    return Counter(event for event in events if isinstance(event, kinds) and not _hashless(event))


def _hashless(event: Event) -> bool:
    return isinstance(event, PatientIdentity)


def samples(events: Sequence[Event]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for event in events:
        if isinstance(event, Waveform):
            found[event.channel.source] += event.counts.tolist()
    return found


def rejected(events: Sequence[Event]) -> list[Rejected]:
    return [event for event in events if isinstance(event, Rejected)]


def items(data: bytes) -> list[Item]:
    return list(Framer().feed(data))


def codes(data: bytes) -> list[str]:
    """The commands among the bytes, with their argument."""
    return [f"{m.code:02X}{m.data.decode()}" for m in items(data) if isinstance(m, Message) and m.command]


# the whole session


@pytest.mark.parametrize("model", [EVITA_XL, MEDIBUS_X], ids=["evita", "medibus-x"])
@pytest.mark.parametrize("embed", [False, True], ids=["plain", "embedded"])
def test_a_full_session_brings_exactly_what_the_device_said(model: Model, embed: bool) -> None:
    link = Link(model=model, faults=Faults(embed=embed), scenario="bleeding").run(40.0).close()
    assert said(link.heard) == said(link.said)
    assert [e for e in link.heard if isinstance(e, PatientIdentity)] == [
        e for e in link.said if isinstance(e, PatientIdentity)
    ]
    heard, sent = samples(link.heard), samples(link.said)
    assert heard.keys() == sent.keys() == {"53:00", "53:01", "53:02", "53:06"}
    assert heard == sent
    assert all(len(counts) > 2400 for counts in heard.values())  # 39 s at 62.5 Hz
    assert rejected(link.heard) == []
    kinds = Counter(event.kind for event in link.heard if isinstance(event, Frame))
    assert {
        "24",
        "25",
        "26",
        "27",
        "28",
        "29",
        "2A",
        "2B",
        "2C",
        "2D",
        "2E",
        "4A",
        "53",
        "54",
        "realtime",
    } <= kinds.keys()
    states = [e.state for e in link.heard if isinstance(e, Association)]
    assert states == [AssociationState.ESTABLISHED, AssociationState.ENDED]


def test_the_order_of_the_beginning() -> None:
    link = Link().run(3.0)
    asked = codes(link.sent)
    setup = ["51", "4A$", "4A'", "4A)", "4A*", "4A+", "4A.", "52", "53"]
    assert asked[: len(setup)] == setup
    assert asked.index("54" + "00020102" + "06020202") < asked.index("24")
    assert FULL_ANSWER.search(link.sent)


def test_4a_is_not_sent_sooner_than_200_ms_after_the_answer_to_52() -> None:
    link = Link().run(3.0)
    answered = next(time for time, data in link.down if b"\x01R0161" in data)
    configured = next(time for time, data in link.down if b"\x1bJ" in data)
    assert 0.2 <= configured - answered < 0.3
    assert link.device._link.only.keys() == {0x24, 0x27, 0x29, 0x2A, 0x2B, 0x2E}  # it has heeded them


def test_4a_is_sent_to_a_device_that_asks_nothing() -> None:
    host = MedibusSession(Options())
    host.receive(ICC, 0.0)
    assert not [c for c in asked_for(host, 0.0, 0.19, ANSWERS) if c.startswith("4A")]
    asked = asked_for(host, 0.2, 0.5, ANSWERS)
    assert [c for c in asked if c.startswith("4A")] == ["4A$", "4A'", "4A)", "4A*", "4A+", "4A."]


def test_a_late_question_for_the_identification_makes_4a_come_again() -> None:
    host = running()
    host.receive(command(0x52), 5.0)
    assert FULL_ANSWER.search(host.outgoing())
    assert not [c for c in asked_for(host, 5.0, 5.19, {}) if c.startswith("4A")]
    assert len([c for c in asked_for(host, 5.2, 7.0, ANSWERS) if c.startswith("4A")]) == 6


def test_everything_is_configured_again_after_a_reset_in_the_middle() -> None:
    link = Link(faults=Faults(reset_at_s=15.0)).run(30.0).close()
    asked = codes(link.sent)
    assert asked.count("54" + "00020102" + "06020202") == 2
    assert [c for c in asked if c.startswith("4A")] == ["4A$", "4A'", "4A)", "4A*", "4A+", "4A."] * 2
    assert asked.count("53") == 2
    states = [(e.state, e.reason) for e in link.heard if isinstance(e, Association)]
    assert states == [
        (AssociationState.ESTABLISHED, ""),
        (AssociationState.ENDED, "ICC"),
        (AssociationState.ESTABLISHED, ""),
        (AssociationState.ENDED, "STOP"),
    ]
    assert samples(link.heard) == samples(link.said)
    gaps = [w.gap_samples for w in link.heard if isinstance(w, Waveform) and w.channel.source == "53:00"]
    assert gaps.count(None) == 2  # how much was lost in the reset is not known
    assert said(link.heard) == said(link.said)


def test_codes_of_the_options_are_what_the_device_is_asked_for() -> None:
    link = Link(options={"only": {"24": ["EB", "E1"], "2A": ["20"]}, "waves": []}).run(10.0).close()
    asked = codes(link.sent)
    assert {"4A$EBE1", "4A*20", "4A)"} <= set(asked)
    assert "53" not in asked
    sources = {o.channel.source for o in link.heard if isinstance(o, Observation)}
    assert {s for s in sources if s.startswith("24:")} == {"24:EB", "24:E1"}
    assert {s for s in sources if s.startswith("2A:")} == {"2A:20"}
    assert {s for s in sources if s.startswith("25:")} == {"25:EB", "25:E1"}  # 24 filters the limits as well
    assert samples(link.heard) == {}


def test_more_than_four_streams_and_their_changing_company() -> None:
    """Streams 5 and 6 are announced by C4 only when that changes; every value must find its stream."""
    options = {"waves": ["00", "01", "02", "06", "08", "0F"], "max_streams": 6}
    link = Link(model=MEDIBUS_X, options=options, faults=Faults(skip_every=5)).run(20.0).close()
    heard = samples(link.heard)
    assert heard.keys() == {"53:00", "53:01", "53:02", "53:06", "53:08", "53:0F"}
    assert heard == samples(link.said)
    assert len(heard["53:0F"]) < 0.85 * len(heard["53:08"])
    gaps = [w.gap_samples for w in link.heard if isinstance(w, Waveform) and w.channel.source == "53:0F"]
    assert gaps[0] is None
    assert set(gaps[1:]) == {0, 1}
    assert gaps.count(1) == len(heard["53:08"]) // 5


# answering the device


@pytest.mark.parametrize("code", [0x24, 0x2A, 0x30, 0x49, 0x56, 0x6D, 0x3F])
def test_every_command_of_the_device_is_answered(code: int) -> None:
    host = running()
    host.receive(command(code), 5.0)
    assert host.outgoing().startswith(response(code))


def test_the_questions_of_a_fabius_are_answered_and_disturb_nothing() -> None:
    link = Link(faults=Faults(asks=(0x24, 0x2A, 0x30))).run(20.0).close()
    for code in (0x24, 0x2A):
        assert response(code) in link.sent
    assert said(link.heard) == said(link.said)


def test_a_corrupt_command_is_answered_by_nak() -> None:
    host = running()
    host.receive(b"\x1b049\r", 5.0)
    assert host.outgoing() == bytes.fromhex("01 15 31 36 0d")


def test_a_question_inside_the_icc_response_is_answered() -> None:
    host = MedibusSession(Options())
    host.expire(0.0)
    assert host.outgoing() == ICC
    host.receive(ICC_ANSWER[:3] + command(0x52) + ICC_ANSWER[3:], 0.1)
    assert FULL_ANSWER.fullmatch(host.outgoing())


def test_a_change_of_the_streams_makes_53_54_and_the_enabling_come_again() -> None:
    link = Link(faults=Faults(streams_change_at_s=10.0)).run(20.0).close()
    after = b"".join(data for time, data in link.down if 10.0 <= time < 11.0)
    assert response(0x56) in after
    assert [c for c in codes(after) if c[:2] in {"53", "54"}] == ["53", "54" + "00020102" + "06020202"]
    assert b"\xd0\xc1\xcf\xc0\xc0" in after
    assert samples(link.heard) == samples(link.said)
    assert len(samples(link.heard)["53:00"]) > 1100


def test_a_changed_clock_is_asked_for_at_once() -> None:
    link = Link(faults=Faults(time_change_at_s=10.0)).run(11.0)
    after = b"".join(data for time, data in link.down if 10.0 <= time < 10.2)
    assert response(0x49) in after
    assert "28" in codes(after)
    clocks = [e.time_us for e in link.heard if isinstance(e, DeviceClock)]
    assert all(0 <= EPOCH_US + 11_000_000 - clock <= 12_000_000 for clock in clocks)
    assert b"-OKT-26" in b"".join(data for _, data in link.up)  # a German month


def test_dc1_stops_the_sending_and_dc3_lets_it_go_on() -> None:
    """§2: the reverse of XON and XOFF."""
    link = Link(faults=Faults(pause_at_s=10.0)).run(20.0).close()
    times = [time for time, _ in link.down]
    assert not [time for time in times if 10.01 < time < 11.0]
    assert [time for time in times if 11.0 <= time < 11.1]
    assert said(link.heard) == said(link.said)


def test_dc1_without_dc3_initialises_the_link_anew() -> None:
    host = running()
    host.receive(b"\x11", 5.0)
    for now in (5.5, 6.5, 7.9):
        host.expire(now)
        assert host.outgoing() == b""
    assert host.deadline() <= 8.0
    host.expire(8.0)
    assert host.outgoing() == ICC


# sending and timing


def running(options: Options | None = None, unknown: int | None = None) -> MedibusSession:
    """A session that has been initialised, configured and answered one round, without realtime data."""
    host = MedibusSession(options or Options(waves=()))
    host.receive(ICC, 0.0)
    asked_for(host, 0.0, 0.95, {code: data for code, data in ANSWERS.items() if code != unknown})
    return host


ANSWERS = dict.fromkeys((*range(0x23, 0x2F), 0x4A, 0x53, 0x6A), b"") | {0x52: b"8210'Evita'01.00:03.00"}


def asked_for(host: MedibusSession, start: float, end: float, answers: dict[int, bytes]) -> list[str]:
    """What the host asks in this time of a device that answers at once what is in `answers`, and nothing else."""
    asked: list[str] = []
    now = start
    while now <= end:
        host.expire(now)
        while out := host.outgoing():
            for item in items(out):
                if isinstance(item, Message) and item.command:
                    asked.append(f"{item.code:02X}{item.data.decode()}")
                    if item.code in answers:
                        host.receive(response(item.code, answers[item.code]), now)
        now = round(now + 0.01, 6)
    return asked


def test_one_command_is_outstanding_at_a_time() -> None:
    host = running()
    assert asked_for(host, 5.0, 7.9, {}) == ["24"]  # nothing else, not even NOP, until it is answered or given up
    assert host.deadline() == 8.0  # and nothing to wake up for


def test_polls_come_in_rounds() -> None:
    host = running()
    asked = asked_for(host, 2.0, 9.5, ANSWERS)
    polls = [code for code in asked if not code.startswith("6A")]
    assert polls[:5] == ["24", "27", "2B", "2E", polls[4]]
    assert len(polls) == 5 * 8
    assert set(polls) == {"24", "25", "26", "27", "28", "29", "2A", "2B", "2C", "2D", "2E"}
    assert "6A2" in asked  # an Evita documents its keys


def test_an_idle_host_says_so() -> None:
    host = running(Options(waves=(), poll_s=30.0))
    asked = asked_for(host, 2.0, 20.0, ANSWERS | {0x30: b""})
    assert 8 <= asked.count("30") <= 9


def test_icc_is_repeated_until_it_is_heard() -> None:
    host = MedibusSession(Options())
    assert asked_for(host, 0.0, 9.5, {}) == ["51"] * 4


def test_icc_waits_longer_where_bytes_come_but_no_message() -> None:
    host = MedibusSession(Options())
    sent: list[float] = []
    for tenths in range(250):
        now = tenths / 10
        host.receive(b"?", now)
        host.expire(now)
        if host.outgoing():
            sent.append(now)
    assert sent == [0.0, 10.0, 20.0]


def test_the_devices_own_icc_begins_the_link_too() -> None:
    host = MedibusSession(Options())
    host.receive(ICC, 0.0)
    assert host.outgoing() == ICC_ANSWER
    assert asked_for(host, 0.0, 0.0, {}) == ["52"]


def test_an_unanswered_command_is_repeated_and_then_the_link_begun_anew() -> None:
    host = running()
    assert asked_for(host, 5.0, 11.5, {}) == ["24", "24", "51"]


def test_a_command_that_a_living_device_does_not_know_is_left_out() -> None:
    answers = {code: data for code, data in ANSWERS.items() if code != 0x2B}
    host = running(unknown=0x2B)  # asked once at its beginning
    asked: list[str] = []
    for second in range(5, 30):
        host.receive(NOP, float(second))
        asked += asked_for(host, float(second), second + 0.99, answers)
    assert asked.count("2B") == 1
    assert asked.count("24") > 15
    assert "51" not in asked
    host.receive(ICC, 30.0)  # another device may be on the line now
    assert "2B" in asked_for(host, 30.0, 33.0, ANSWERS)


def test_what_was_never_answered_is_tried_again_after_a_while() -> None:
    host = running(Options(waves=(), poll_s=60.0))
    answers = ANSWERS | {0x30: b""}
    host.receive(ICC, 1.0)
    asked_for(host, 1.0, 1.3, {0x52: b""} | dict.fromkeys((0x4A, 0x30), b""))
    host.receive(command(0x30), 3.0)
    asked_for(host, 3.0, 8.0, {0x30: b""})  # 24H is not answered
    assert "24" not in asked_for(host, 8.0, 600.0, answers)
    assert "24" in asked_for(host, 600.0, 700.0, answers)


def test_an_answer_that_is_lost_twice_does_not_silence_its_poll() -> None:
    """A command that was ever answered is supported: noise must not switch it off."""
    host = running()
    for second in (5.0, 8.0, 11.0):
        host.receive(NOP, second)
        asked_for(host, second, second + 2.9, {0x30: b""})
    assert "24" in asked_for(host, 14.0, 16.0, ANSWERS)


def test_a_damaged_answer_is_asked_for_again_at_once() -> None:
    host = running()
    assert asked_for(host, 5.0, 5.0, {}) == ["24"]
    host.receive(b"\x01$EB 98 00\r", 5.1)
    assert codes(host.outgoing()) == ["24"]


DAMAGED = {"nak": response(0x15), "checksum": b"\x01$EB 98 00\r"}


@pytest.mark.parametrize("damage", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.parametrize(("code", "asks"), [(0x24, "24"), (0x27, "27"), (0x29, "29"), (0x52, "52"), (0x53, "53")])
def test_noise_at_the_start_of_a_link_stops_no_command(code: int, asks: str, damage: bytes) -> None:
    """§3: NAK is a bad checksum; a command that a device does not know has an empty answer."""
    host = MedibusSession(Options())
    host.receive(ICC, 0.0)
    asked = asked_for(host, 0.0, 1.9, {known: data for known, data in ANSWERS.items() if known != code})
    assert asked[-1] == asks
    assert codes(_damaged(host, damage, 1.95)) == [asks]
    host.receive(damage, 1.96)
    asked = asked_for(host, 1.96, 4.0, ANSWERS)
    assert asked[0] != asks
    assert asks in asked


def test_noise_and_then_silence_stop_no_command() -> None:
    host = running(unknown=0x24)
    assert codes(_damaged(host, DAMAGED["nak"], 0.95)) == ["24"]
    host.receive(NOP, 3.0)
    assert "24" in asked_for(host, 3.95, 6.0, ANSWERS)


def test_streams_that_noise_kept_from_being_configured_are_asked_for_anew() -> None:
    """What a 54H says holds for one offer of streams."""
    host = MedibusSession(Options())
    host.receive(ICC, 0.0)
    offer = {0x53: b"00   16000-  10  100370"}
    assert asked_for(host, 0.0, 0.5, ANSWERS | offer)[-1] == "540001"
    _damaged(host, DAMAGED["nak"], 0.55)
    host.receive(DAMAGED["nak"], 0.56)
    other = {0x53: b"06   16000-  20  100460", 0x54: b""}
    asked = asked_for(host, 0.56, 3.0, ANSWERS | other)
    assert [c for c in asked if c[:2] in {"53", "54"}] == ["53", "540601"]


def _damaged(host: MedibusSession, damage: bytes, now: float) -> bytes:
    """What the host sends when this has come."""
    host.receive(damage, now)
    return host.outgoing()


def test_a_closed_session_answers_and_begins_nothing() -> None:
    host = running()
    host.close(5.0)
    assert host.outgoing() == STOP
    host.receive(ICC + NOP, 5.1)
    assert host.outgoing() == ICC_ANSWER + NOP_ANSWER
    assert host.deadline() == float("inf")
    host.expire(20.0)
    assert host.outgoing() == b""


def test_a_nak_makes_the_command_be_sent_again_once() -> None:
    host = running()
    asked = asked_for(host, 5.0, 5.0, {})
    assert asked == ["24"]
    host.receive(response(0x15), 5.1)
    assert codes(host.outgoing()) == ["24"]
    host.receive(response(0x15), 5.2)
    assert asked_for(host, 5.2, 5.2, {}) == ["27"]


def test_responses_with_a_bad_checksum_are_counted_and_asked_for_again() -> None:
    link = Link(faults=Faults(corrupt_every=9)).run(60.0).close()
    wrong = [event for event in rejected(link.heard) if event.reason == "checksum"]
    assert len(wrong) > 3
    assert said(link.heard) == said(link.said)


def test_a_response_to_something_else_does_not_end_the_waiting() -> None:
    host = running()
    asked_for(host, 5.0, 5.0, {})
    events = host.receive(response(0x29, b"01 040 "), 5.1)
    assert [o.value for o in events if isinstance(o, Observation)] == [40.0]
    assert asked_for(host, 5.1, 6.0, {}) == []


def test_streams_are_enabled_again_and_again() -> None:
    """§6: the sync commands are not answered."""
    link = Link().run(30.0)
    times = [time for time, data in link.down if b"\xd0\xc1\xcf\xc0\xc0" in data]
    assert len(times) == 6
    assert all(4.9 < later - earlier < 5.2 for earlier, later in pairwise(times))


def test_a_corrupt_record_of_ours_is_sent_again_at_once() -> None:
    link = Link().run(10.5)
    before = len(link.down)
    link.host.receive(b"\xd0\xcf\xc0\xc0\xc0", link.now)
    link.run(0.05)
    assert b"\xd0\xc1\xcf\xc0\xc0" in b"".join(data for _, data in link.down[before:])


def test_stop_is_sent_at_the_end_after_the_streams_were_switched_off() -> None:
    link = Link().run(10.0)
    before = len(link.down)
    link.close()
    assert b"".join(data for _, data in link.down[before:]).endswith(b"\xd0\xc1\xc0\xc0\xc0" + STOP)
    assert Association(state=AssociationState.ENDED, reason="STOP") in link.heard
    assert link.host.outgoing() == b""


def test_a_device_that_stops_is_offered_a_new_link() -> None:
    host = running()
    host.receive(command(0x55), 5.0)
    assert host.outgoing().startswith(response(0x55))
    assert asked_for(host, 5.0, 8.5, {}) == ["51"]


# values that the device leaves out


def test_values_that_the_device_leaves_out_are_not_held() -> None:
    link = Link(faults=Faults(omit=frozenset({"EB", "7D"}), omit_from_s=10.0, negative=True)).run(20.0).close()
    saturation = [o for o in link.heard if isinstance(o, Observation) and o.channel.source == "24:EB"]
    assert [o.quality for o in saturation].count(Quality.NOT_AVAILABLE) == 1
    assert saturation[-1].value is None
    minimum = [o.value for o in link.heard if isinstance(o, Observation) and o.channel.source == "24:71"]
    assert set(minimum) == {-8.0}
    assert said(link.heard) == said(link.said)


def test_a_noisy_line_costs_only_what_it_hit() -> None:
    count = 0

    def spoil(data: bytes) -> bytes:
        nonlocal count
        count += 1
        return data if count % 50 else data[: len(data) // 2] + b"\x55" + data[len(data) // 2 + 1 :]

    link = Link().run(60.0, spoil)
    got = said(link.heard)
    assert not got - said(link.said)
    assert sum(got.values()) > 0.8 * sum(said(link.said).values())


def test_records_of_the_host_are_records() -> None:
    link = Link().run(3.0)
    assert [record.commands for record in items(link.sent) if isinstance(record, Record)] == [((1, 15), (0, 0))]
