"""Nothing that could change an infusion leaves: all that a session sends, whatever it hears, is eight questions."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import drivers.alaris
from collector.driver import Simulated
from drivers.alaris import SPEC
from drivers.alaris.queries import FRAMES, Query
from drivers.alaris.session import AlarisSession
from drivers.alaris.simulator import AlarisSimulator
from drivers.patient import Patient
from tests.drivers.alaris.pump import HELD, crc, frame, vectors

ALLOWED = (
    b"!INST_SERIALNO|457D\r",
    b"!COMMS_PROTOCOL|E8DA\r",
    b"!INF|4961\r",
    b"!INF_RATE|8E6D\r",
    b"!INF_VI|B42C\r",
    b"!INF_VTBI|8456\r",
    b"!SYRINGE_STATUS|4102\r",
    b"!INF_RATE_MAX_SYRINGE|8F30\r",
)
"""Written out here, and nothing of it taken from the driver."""

CONTROL = (
    "REMOTE",
    "REMQUERY",
    "INF_START",
    "INF_STOP",
    "INF_BOLUS",
    "INF_VI_CLEAR",
    "INF_PURGE",
    "INF_CAP",
    "ENABLED",
)

Step = tuple[str, bytes | float]

answers = st.sampled_from(
    [
        b"!INST_SERIALNO^8002-51740|050B\r",
        b"!COMMS_PROTOCOL^Asena Rev 2.1.5|661A\r",
        HELD.encode(),
        frame("INF^8002-51740^-^SET^3.50^ml/h^PROPOFOL^1.000^ml^17.91^mmHg^24+^EVENT^127904"),
        b"!INF_RATE^0.10^ml/h|D407\r",
        frame("INF_VI^0.969^ml"),
        b"!INF_VTBI^ACTIV^11.000^ml^STOP|4433\r",
        b"!SYRINGE_STATUS^BD PLASTIPAK^ 50^CONF|1CF8\r",
        b"!INF_RATE_MAX_SYRINGE^1200.00^ml/h|8575\r",
    ]
)
commands = st.sampled_from(
    [
        b"!REMOTE_CTRL^ENABLED^3CC1|B1F1\r",
        b"!INF_START|38F3\r",
        b"!INF_STOP|CD57\r",
        b"!INF_BOLUS^ENABLED|E288\r",
        b"!INF_VI_CLEAR|A706\r",
        b"!INF_RATE^3.50^ml/h|3885\r",
        b"!REMOTE_CTRL^ENABLED^****^PERMIT^0^ms|7BB0\r",
    ]
)
texts = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="|\r"), max_size=60)
named = st.builds(
    lambda name, fields: frame("^".join((name, *fields))),
    st.sampled_from([query.value for query in Query] + list(CONTROL)),
    st.lists(texts, max_size=14),
)


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    data = bytearray(draw(answers | commands))
    at = draw(st.integers(0, len(data) - 1))
    if draw(st.booleans()):
        data[at] = draw(st.integers(0, 255))
    else:
        data[at : at + draw(st.integers(0, 5))] = draw(st.binary(max_size=20))
    return bytes(data)


heard = st.tuples(st.just("hear"), st.binary(max_size=80) | answers | commands | named | mutated())
waits = st.tuples(st.just("wait"), st.sampled_from([0.0, 0.1, 0.5, 0.6, 2.0, 61.0]) | st.floats(0.0, 1e6))
once = st.tuples(st.sampled_from(["due", "close", "finish"]), st.just(b""))
steps = st.lists(heard | waits | once, max_size=60)


def check(sent: bytes) -> int:
    """How many frames these are. Nothing but allowed ones, and nothing between them."""
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(sent)
    frames = re.findall(rb"[^\r]*\r|[^\r]+", sent)
    assert all(one in ALLOWED for one in frames), sent
    assert b"^" not in sent
    return len(frames)


@settings(max_examples=250, deadline=None, derandomize=True, database=None)
@given(steps, st.floats(0.5, 5.0))
def test_whatever_it_hears_it_sends_questions_alone(todo: list[Step], poll_s: float) -> None:
    session = AlarisSession(SPEC.options(poll_s=poll_s))
    now, sent = 0.0, 0
    for kind, what in todo:
        if isinstance(what, float):
            now += what
        elif kind == "hear":
            session.receive(what, now)
        elif kind == "due":
            now = max(now, session.deadline() or 0.0)
        elif kind == "close":
            session.close(now)
        else:
            session.finish()
        sent += check(session.outgoing())
        session.expire(now)
        sent += check(session.outgoing())
    assert sent <= 2 * len(todo)


def test_a_pump_that_is_played_from_beginning_to_end_hears_each_question_and_nothing_else() -> None:
    heard_by_pump: set[bytes] = set()
    session = AlarisSession(SPEC.options())
    replies = {one.partition(b"^")[0].decode()[1:]: one for one in (v.encode() for v in vectors()) if b"^" in one}
    for step in range(20_000):
        now = step * 0.05
        session.expire(now)
        out = session.outgoing()
        check(out)
        for asked in out.splitlines(keepends=True):
            heard_by_pump.add(asked)
            reply = replies.get(asked.decode()[1:].partition("|")[0])
            if reply is not None:
                session.receive(reply, now)
    session.close(1000.0)
    assert session.outgoing() == b""
    assert heard_by_pump == set(ALLOWED)


def test_the_questions_are_a_closed_list_that_agrees_with_ours() -> None:
    assert sorted(FRAMES.values()) == sorted(ALLOWED)
    assert sorted(FRAMES, key=str) == sorted(Query, key=str)
    for one in ALLOWED:
        text, _, rest = one[1:].decode().partition("|")
        assert rest == f"{crc(text)}\r"
    with pytest.raises(ValueError, match="INF_START"):
        Query("INF_START")
    with pytest.raises(KeyError):
        FRAMES["INF_START"]  # type: ignore[index]


def test_the_declared_pattern_refuses_every_command() -> None:
    assert SPEC.sends is not None
    for one in vectors():
        data = one.encode("latin-1")
        assert bool(SPEC.sends.fullmatch(data)) == (data in ALLOWED), one
    for command in CONTROL:
        assert not SPEC.sends.fullmatch(frame(command))
    for data in (b"\x1b", b"\r", b"!", b"!INF|4961", b"!INF|4961\n", b"!INF_RATE^3.50^ml/h|3885\r", b"!INF|4961\r\x1b"):
        assert not SPEC.sends.fullmatch(data)
    assert all(SPEC.sends.fullmatch(data) for data in SPEC.identification)


def test_no_command_is_written_anywhere_in_the_driver() -> None:
    folder = Path(drivers.alaris.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py")))
    assert not [word for word in CONTROL if word in code]


def test_the_simulated_pump_obeys_nothing() -> None:
    pump = AlarisSimulator(Simulated(patient=Patient("stable", 1)))
    for command in CONTROL:
        assert pump.receive(frame(command), 0.0) == []
    assert pump.receive(b"!INF_RATE^3.50^ml/h|3885\r!REMOTE_CTRL^ENABLED^3CC1|B1F1\r", 0.0) == []
    assert pump.outgoing() == b""
