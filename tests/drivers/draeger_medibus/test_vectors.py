"""The published examples and the quirks of real devices: every entry decodes to its `decode`."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from collector.clock import from_datetime
from collector.model import DeviceClock, DeviceIdentity, Frame, Observation, Waveform
from drivers.draeger_medibus import SPEC, replies
from drivers.draeger_medibus.frames import Framer, Item, Message, Record, command, response
from drivers.draeger_medibus.session import MedibusSession
from tests.shared import capture


def vectors() -> dict[str, dict[str, Any]]:
    return {vector["name"]: vector for vector in json.loads(capture("medibus", "vectors.json").read_text())}


def tolerant() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(capture("medibus", "tolerant_parse_vectors.json").read_text())
    return found


def items(data: bytes) -> list[Item]:
    framer = Framer()
    return [*framer.feed(data), *framer.finish()]


def session() -> MedibusSession:
    return MedibusSession(SPEC.options())


def text_of(field: bytes) -> str:
    return field.decode().strip()


def check_message(message: Message, decode: dict[str, Any]) -> None:
    assert message.command == (decode["kind"] == "command")
    assert f"{message.code:02X}" == decode["code"]
    data = message.data
    if "values" in decode:
        fields, unread = replies.fields(data, 6)
        assert {code.decode(): text_of(field) for code, field in fields} == decode["values"]
        assert unread == 0
    elif "id" in decode:
        told = replies.identification(data)
        assert told is not None
        assert (told.id, told.name) == (decode["id"], decode["name"])
        assert (told.device_revision, told.medibus_revision) == (decode["device_rev"], decode["medibus_rev"])
    elif "date" in decode:
        moment = datetime.fromisoformat(f"{decode['date']}T{decode['time']}+00:00")
        assert replies.moment(data) == from_datetime(moment)
    elif "datatype" in decode:
        kind, codes = replies.codes(data)
        assert f"{kind:02X}" == decode["datatype"]
        assert [code.decode() for code in codes] == decode["codes"]
    elif "streams" in decode and message.command:
        assert [{"code": code.decode(), "mult": times} for code, times in replies.pairs(data)] == decode["streams"]
    elif "streams" in decode:
        streams, unread = replies.streams(data)
        assert unread == 0
        assert [
            {
                "code": stream.code.decode(),
                "interval_us": stream.interval_us,
                "min": stream.minimum,
                "max": stream.maximum,
                "maxbin": stream.max_bin,
            }
            for stream in streams
        ] == decode["streams"]
    else:
        assert data == b""


def test_every_vector_decodes_to_its_decode() -> None:
    checked = 0
    for name, vector in vectors().items():
        data, decode = bytes.fromhex(vector["hex"]), vector["decode"]
        if decode.get("kind") in {"command", "response"}:
            (message,) = items(data)
            assert isinstance(message, Message), name
            check_message(message, decode)
            build = command if message.command else response
            assert build(message.code, message.data) == data
        elif decode.get("kind") == "realtime":
            (record,) = items(data)
            assert isinstance(record, Record), name
            streams = [stream for stream, _ in record.values]
            assert streams == decode.get("streams", []), name
            assert [bin_ for _, bin_ in record.values] == decode.get("raw", []), name
            commands = [[f"C{code:X}", f"C{argument:X}"] for code, argument in record.commands]
            assert commands == decode.get("commands", []), name
        elif "texts" in decode:
            texts, unread = replies.texts(data)
            assert [{"code": code.decode(), "text": text} for code, text in texts] == decode["texts"]
            assert unread == 0
        else:
            assert decode["kind"] == "mixed"
            continue
        checked += 1
    assert checked == len(vectors()) - 1


def test_a_response_with_records_and_a_command_between_its_bytes() -> None:
    vector = vectors()["interleaved_response"]
    assert vector["decode"]["yields"] == ["realtime [81,205]", "command 30", "realtime [84]", "response 24 EB=98 E1=70"]
    found = items(bytes.fromhex(vector["hex"]))
    first, nop, second, measured = found
    assert isinstance(first, Record)
    assert isinstance(second, Record)
    assert isinstance(nop, Message)
    assert isinstance(measured, Message)
    assert first.values == ((1, 81), (2, 205))
    assert (nop.command, nop.code) == (True, 0x30)
    assert second.values == ((1, 84),)
    assert (measured.command, measured.code, measured.data) == (False, 0x24, b"EB 98 E1 70 ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rt_record_2_values", {"53:00": [0.125], "53:06": [1.9642857]}),
        ("rt_record_stream1", {"53:00": [0.5]}),
        ("rt_record_stream2", {"53:06": [2.071429]}),
    ],
)
def test_records_are_scaled_by_the_configuration(name: str, expected: dict[str, list[float]]) -> None:
    """Value = MIN + bin × (MAX − MIN) / MAXBIN, and the interval is the one that the device told (sheet §6)."""
    known = vectors()
    one = session()
    one.receive(bytes.fromhex(known["rtconfig_rsp"]["hex"]), 0.0)
    one.receive(bytes.fromhex(known["rtconfigure_rsp"]["hex"]), 0.0)
    events = [*one.receive(bytes.fromhex(known[name]["hex"]), 0.0), *one.finish()]
    waves = {event.channel.source: event for event in events if isinstance(event, Waveform)}
    assert waves.keys() == expected.keys()
    for source, values in expected.items():
        assert waves[source].values.tolist() == pytest.approx(values, abs=1e-6)
        assert waves[source].rate_hz == 62.5


def test_the_values_of_a_session_are_those_of_the_vectors() -> None:
    known = vectors()
    one = session()
    events = one.receive(bytes.fromhex(known["measured_rsp_spo2_pulse"]["hex"]), 0.0)
    assert [
        (e.channel.code, e.channel.source, e.value, e.channel.unit) for e in events if isinstance(e, Observation)
    ] == [
        ("MDC_PULS_OXIM_SAT_O2", "24:EB", 98.0, "%"),
        ("MDC_PULS_OXIM_PULS_RATE", "24:E1", 70.0, "/min"),
    ]
    events = one.receive(bytes.fromhex(known["devid_rsp_device"]["hex"]), 0.0)
    assert DeviceIdentity(manufacturer="Dräger", model="Draeger Device", software="03.00") in events
    events = one.receive(bytes.fromhex(known["devid_rsp_pc"]["hex"]), 0.0)
    assert [type(event) for event in events] == [Frame]  # a host's answer in a two-way recording is no device
    events = one.receive(bytes.fromhex(known["datetime_rsp"]["hex"]), 0.0)
    assert DeviceClock(time_us=from_datetime(datetime(1993, 11, 11, 11, 11, 19, tzinfo=UTC))) in events


def test_dates_as_real_devices_write_them() -> None:
    found = tolerant()["datetime_payloads"]
    assert len(found) == 5
    for payload, expected in found.items():
        assert replies.moment(payload.encode()) == from_datetime(datetime.fromisoformat(expected + "+00:00")), payload


def test_limits_of_realtime_data_as_real_devices_write_them() -> None:
    found = tolerant()["rt_min_max"]
    assert len(found) == 5
    for text, expected in found.items():
        assert replies.number(text.encode())[0] == expected, text
