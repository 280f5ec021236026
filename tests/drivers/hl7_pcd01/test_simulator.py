"""The gateway's side: one message until it is acknowledged, beds side by side, alarms from beginning to end."""

from collections import Counter

from collector.hl7.message import Message, compose, parse, write
from collector.hl7.mllp import Block, Framer, frame
from collector.model import AlarmCondition, AlarmPhase, Event, Frame, Observation, Waveform
from drivers.hl7_pcd01.options import Options
from drivers.hl7_pcd01.session import Pcd01Session
from drivers.hl7_pcd01.simulator import EGateway
from drivers.patient import Patient
from tests.drivers.hl7_pcd01.link import of

EPOCH_US = 1_700_000_000_000_000


def sent(gateway: EGateway) -> list[Message]:
    return [parse(item.message) for item in Framer().feed(gateway.outgoing()) if isinstance(item, Block)]


def ack(id_: str, code: str = "CA") -> bytes:
    return frame(write([["MSH", "", "", "", "", "", "", compose("ACK", "R01", "ACK"), "1"], ["MSA", code, id_]]))


def talk(gateway: EGateway, seconds: float, step_s: float = 0.05) -> tuple[list[Event], list[Event]]:
    """What a session hears of a gateway in so long, and what the gateway has said."""
    session = Pcd01Session(Options(dialect="egateway"))
    heard: list[Event] = []
    said: list[Event] = []
    now = 100.0
    while now < 100.0 + seconds:
        due = gateway.deadline()
        if due is not None and due <= now:
            said += gateway.expire(now)
        while out := gateway.outgoing():
            heard += session.receive(out, now)
            said += gateway.receive(session.outgoing(), now)
        now += step_s
    return heard, said


def test_the_next_message_waits_for_the_acknowledgement_of_the_last() -> None:
    gateway = EGateway({"A": Patient()}, epoch_us=EPOCH_US)
    assert gateway.expire(0.0)
    (first,) = sent(gateway)
    for second in range(1, 5):
        assert not gateway.expire(float(second))
        assert sent(gateway) == []
    assert not gateway.expire(5.0)
    (again,) = sent(gateway)
    assert again == first
    assert not gateway.receive(ack("unheard of"), 5.5)
    assert sent(gateway) == []
    assert gateway.receive(ack(first.control_id), 5.6)
    (second_one,) = sent(gateway)
    assert second_one.control_id != first.control_id
    assert gateway.receive(ack(second_one.control_id, "CE"), 5.7)
    assert len(sent(gateway)) == 1


def test_twenty_beds_speak_over_one_connection() -> None:
    beds = {f"OR^OR-{n:02}^1^HOSP": Patient("stable", n) for n in range(20)}
    heard, said = talk(EGateway(beds, epoch_us=EPOCH_US, leads=12), 3.0)
    heads = of(heard, Frame)
    assert Counter(head.location for head in heads).keys() == beds.keys()
    assert min(Counter(head.location for head in heads).values()) >= 5
    assert len({head.digest for head in heads}) == len(heads)
    assert len(of(heard, Waveform)) == len(of(said, Waveform)) >= 20 * 2 * 18
    assert all(head.length < 64_000 for head in heads)
    leads = {wave.channel.code: wave for wave in of(heard, Waveform)[:18]}
    limb = [leads[f"MDC_ECG_ELEC_POTL_{name}"].counts for name in ("I", "II", "III")]
    assert abs(limb[0] + limb[2] - limb[1]).max() <= 1  # Einthoven


def test_waves_continue_and_are_what_was_said() -> None:
    heard, said = talk(EGateway({"A": Patient()}, epoch_us=EPOCH_US), 4.0)
    pieces = [wave for wave in of(heard, Waveform) if wave.channel.code == "MDC_PRESS_BLD_ART"]
    assert [piece.gap_samples for piece in pieces] == [None, 0, 0]
    assert [piece.data for piece in pieces] == [
        wave.data for wave in of(said, Waveform) if wave.channel.code == "MDC_PRESS_BLD_ART"
    ]


def test_alarms_stand_while_the_value_is_beyond_its_limit() -> None:
    gateway = EGateway({"A": Patient("bleeding")}, epoch_us=EPOCH_US, waves=False)
    heard, said = talk(gateway, 1_300.0, step_s=0.5)
    alarms = of(heard, AlarmCondition)
    assert alarms == of(said, AlarmCondition)
    lives = {source: [a.phase for a in alarms if a.source == source] for source in {a.source for a in alarms}}
    assert {a.code for a in alarms} >= {"MDC_ECG_HEART_RATE", "MDC_PRESS_BLD_ART_ABP_SYS"}
    assert all(phases in ([AlarmPhase.START], [AlarmPhase.START, AlarmPhase.END]) for phases in lives.values())
    assert any(AlarmPhase.END in phases for phases in lives.values())


def test_a_cuff_is_told_with_its_time_and_once() -> None:
    heard, _ = talk(EGateway({"A": Patient()}, epoch_us=EPOCH_US, waves=False), 310.0, step_s=0.5)
    cuffs = [e for e in of(heard, Observation) if e.channel.code == "MDC_PRESS_BLD_NONINV_SYS" and not e.repeat]
    times_us = [e.device_time_us for e in cuffs]
    assert times_us == [EPOCH_US + 100_000_000, EPOCH_US + 400_000_000]
