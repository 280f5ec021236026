"""The device's side: it serves hosts of another's making; its numbers and waves are one patient's (sheet §4, §11)."""

import numpy as np
import pytest

from collector.driver import Simulated
from collector.model import AlarmCondition, Observation, Waveform
from drivers.draeger_medibus import SPEC
from drivers.draeger_medibus.frames import Framer, Message, Record, command, response
from drivers.draeger_medibus.simulator import MedibusSimulator
from drivers.draeger_medibus.speaker import Faults
from drivers.draeger_medibus.workstation import DRY_MMHG, EVITA_XL, MBAR_PER_CMH2O, render
from drivers.patient import Patient
from tests.drivers.draeger_medibus.link import EPOCH_US, Link

# what mdpnp and VSCaptureDrgVent send, byte by byte: fact sheet §2, §4
ICC, IDENTIFY, NOP = bytes.fromhex("1b5136430d"), bytes.fromhex("1b5236440d"), bytes.fromhex("1b3034420d")
EMPTY_ANSWER, FULL_ANSWER = (
    bytes.fromhex("015235330d"),
    bytes.fromhex("015230313631274d7920504327") + b"01.00:03.00FC\r",
)
MEASURED, ONLY_EB = bytes.fromhex("1b2433460d"), bytes.fromhex("1b4a24454231300d")


def device(faults: Faults | None = None) -> MedibusSimulator:
    simulated = Simulated(patient=Patient("stable", 3), seed=3, epoch_us=EPOCH_US)
    return MedibusSimulator(simulated, model=EVITA_XL, faults=faults)


def ask(one: MedibusSimulator, data: bytes, now: float) -> bytes:
    one.receive(data, now)
    return one.outgoing()


def answers(data: bytes) -> list[Message]:
    return [item for item in Framer().feed(data) if isinstance(item, Message) and not item.command]


def test_icc_every_three_seconds_until_somebody_answers() -> None:
    one = device()
    sent = []
    for tenths in range(100):
        one.expire(tenths / 10)
        if one.outgoing():
            sent.append(tenths / 10)
    assert sent == [0.0, 3.0, 6.0, 9.0]


def test_an_icc_response_is_enough() -> None:
    one = device()
    one.expire(0.0)
    assert one.outgoing() == ICC
    assert ask(one, response(0x51), 0.1) == IDENTIFY
    assert answers(ask(one, MEASURED, 0.2))[0].code == 0x24


def test_its_question_stands_inside_the_icc_response() -> None:
    assert ask(device(), ICC, 0.0) == b"\x01Q5" + IDENTIFY + b"2\r"
    assert ask(device(Faults(embed=False)), ICC, 0.0) == response(0x51) + IDENTIFY


@pytest.mark.parametrize(
    ("strict", "answer", "after_s", "heeded"),
    [
        (True, FULL_ANSWER, 0.3, True),
        (True, FULL_ANSWER, 0.1, False),
        (True, EMPTY_ANSWER, 0.3, False),
        (False, EMPTY_ANSWER, 0.3, True),
    ],
)
def test_4a_is_silently_ignored_too_soon(*, strict: bool, answer: bytes, after_s: float, heeded: bool) -> None:
    one = device(Faults(strict=strict))
    ask(one, ICC, 0.0)
    ask(one, answer, 0.1)
    assert ask(one, ONLY_EB, 0.1 + after_s) == bytes.fromhex("014a34420d")  # the answer tells nothing
    (measured,) = answers(ask(one, MEASURED, 0.5))
    assert (len(measured.data) == 6) == heeded


def test_no_codes_after_the_type_is_all_of_them_again() -> None:
    one = device()
    ask(one, ICC, 0.0)
    ask(one, FULL_ANSWER, 0.1)
    ask(one, ONLY_EB, 0.5)
    ask(one, command(0x4A, b"$"), 0.6)
    (measured,) = answers(ask(one, MEASURED, 0.7))
    assert len(measured.data) > 60


def test_a_corrupt_command_gets_nak() -> None:
    one = device()
    ask(one, ICC, 0.0)
    assert ask(one, b"\x1b$00\r", 0.1) == bytes.fromhex("011531360d")


def test_an_unknown_command_gets_an_empty_answer() -> None:
    one = device()
    ask(one, ICC, 0.0)
    for code in (0x3F, 0x23, 0x6C, 0x6D):
        assert ask(one, command(code), 0.1) == response(code)


def test_a_host_that_repeats_itself_and_leaves_without_stop_is_served() -> None:
    one = device()
    for second in range(3):
        assert answers(ask(one, ICC + ICC, float(second)))[-1].code == 0x51
        assert answers(ask(one, MEASURED + MEASURED, second + 0.5))[-1].code == 0x24
    one.expire(6.0)  # silence: the link is begun anew
    assert one.outgoing() == ICC
    assert answers(ask(one, ICC, 6.1))[-1].code == 0x51


def test_an_idle_device_says_so() -> None:
    one = device()
    ask(one, ICC, 0.0)
    one.receive(b"\x01", 1.9)
    one.expire(2.0)
    assert one.outgoing() == NOP


def test_long_responses_hold_records_and_a_command() -> None:
    link = Link().run(20.0)
    up = b"".join(data for _, data in link.up)
    kinds = [
        type(item).__name__ + (" command" if isinstance(item, Message) and item.command else "")
        for item in Framer().feed(up)
    ]
    assert {"Record", "Message", "Message command"} <= set(kinds)
    inside = [data for _, data in link.up if data.startswith(b"\x01$") and NOP in data[:-5]]
    assert len(inside) > 5
    assert any(byte >= 0x80 for data in inside for byte in data[2:-3])


def test_numbers_are_the_patients() -> None:
    link = Link(scenario="bleeding").run(20.0)
    patient = Patient("bleeding", 3)
    vitals = patient.vitals(10.0)
    values = {o.channel.source: o.value for o in link.heard if isinstance(o, Observation)}
    assert values["24:88"] == pytest.approx(vitals.tidal_volume_ml, abs=0.5)
    assert values["24:B9"] == pytest.approx(vitals.minute_volume_l_per_min, abs=0.06)
    assert values["24:7D"] == pytest.approx(vitals.peak_pressure_cmh2o * MBAR_PER_CMH2O, abs=0.5)
    assert values["24:E1"] == pytest.approx(vitals.heart_rate_per_min, abs=4.0)
    assert values["24:E6"] == pytest.approx(vitals.etco2_pct / 100 * DRY_MMHG, abs=1.5)


def test_waves_are_the_patients() -> None:
    """The decoded pressure is what the patient's was at that time, to half a step of 0.125 mbar."""
    link = Link().run(10.0).close()
    pieces = [w for w in link.heard if isinstance(w, Waveform) and w.channel.source == "53:00"]
    values = np.concatenate([piece.values for piece in pieces])
    truth = Patient("stable", 3).wave("paw", 0.0, 1500, 125.0) * MBAR_PER_CMH2O
    best = min(float(np.abs(values - truth[start : start + 2 * len(values) : 2]).max()) for start in range(200))
    assert best <= 0.0626


def test_alarms_follow_the_patient() -> None:
    link = Link(scenario="bleeding", options={"waves": []})
    link.run(5.0)
    link.now = 1500.0  # the oxygen saturation has fallen to 93
    link.run(15.0)
    assert "SPO2 LOW" in [event.text for event in link.heard if isinstance(event, AlarmCondition)]


@pytest.mark.parametrize(
    ("mask", "value", "field"),
    [
        ("XXX_", 98.0, b" 98 "),
        ("_XX_", 7.0, b"  7 "),
        ("XX.X", 6.24, b" 6.2"),
        ("X.XX", 1.024, b"1.02"),
        ("*XXX_", -8.0, b"- 8 "),
        ("*_XX_", -8.0, b"- 8 "),
        ("_XX.X", 5.0, b"  5.0"),
        ("XXX.X", 12.0, b" 12.0"),
        ("_XXX", 1000.0, None),
        ("XXX_", -8.0, None),
    ],
)
def test_masks(mask: str, value: float, field: bytes | None) -> None:
    assert render(mask, value) == field


def test_the_declared_simulator_is_this_one() -> None:
    assert SPEC.simulator is not None
    one = SPEC.simulator(Simulated(patient=Patient("stable", 0)))
    assert one.deadline() == float("-inf")
    one.expire(0.0)
    assert one.outgoing() == ICC
    assert isinstance(next(iter(Framer().feed(b"\xd1\x94\x81"))), Record)
