"""What is sent: the captures' own bytes, an echo each second, and a query that is not lost (§1.1, §1.3)."""

import re

from collector.model import Waveform
from drivers.mindray_pds import SPEC
from tests.drivers.mindray_pds.link import Link, monitor
from tests.shared import capture

_ID = re.compile(rb"Q[0-9]+\|")


def sample(name: str) -> bytes:
    return _ID.sub(b"Q1|", capture("hl7", "mindray-pds", name).read_bytes())


def test_echo_and_query_are_those_of_the_captures() -> None:
    link = Link(monitor(), waves=()).run(4.0)
    echo, query = sample("client_106_echo.hl7"), sample("client_1203_query_all.hl7")
    assert link.down == [(0.0, echo), (1.0, echo), (1.5, query), (2.0, echo), (3.0, echo)]
    assert all(SPEC.sends and SPEC.sends.fullmatch(data) for _, data in link.down)


def test_waves_are_asked_for_by_their_numbers_four_at_a_time() -> None:
    link = Link(monitor(), alarms=False).run(2.0)
    query = link.down[2][1].split(b"\r")[2:-2]
    assert query == [
        b"QRF|MON||||0&0^1^1^1^",
        b"QRF|MON||||0&0^2^1^0^1101&1102&1151&1152",
        b"QRF|MON||||0&0^2^1^0^1171",
    ]
    assert all(SPEC.sends and SPEC.sends.fullmatch(data) for _, data in link.down)


def test_a_query_that_was_lost_is_sent_again() -> None:
    link = Link(monitor(deaf_s=12.0), waves=()).run(40.0)
    queries = [at for at, data in link.down if b"1203" in data]
    assert queries == [1.5, 11.5, 21.5]
    assert link.down[-1][0] == 39.0


def test_waves_go_on_from_second_to_second_and_not_over_a_loss() -> None:
    link = Link(monitor(), waves=("pleth", "art")).run(6.0)
    messages = [data for _, data in link.up for data in re.findall(rb"\x0b[^\x0b]*?\x1c\r", data) if b"|157|" in data]
    assert len(messages) == 4
    damaged = messages[1].replace(b"ZMW|", b"ZMW|\x80", 1)
    one = SPEC.dialogue(SPEC.options(), datagrams=False)
    events = [e for data in (messages[0], damaged, *messages[2:]) for e in one.receive(data, 0.0)]
    waves = [(e.channel.source, e.gap_samples) for e in events if isinstance(e, Waveform)]
    assert waves == [
        ("wave.1152", None), ("wave.1171", None), ("wave.1171", None), ("wave.1152", None), ("wave.1171", 0),
        ("wave.1152", 0), ("wave.1171", 0),
    ]  # fmt: skip
