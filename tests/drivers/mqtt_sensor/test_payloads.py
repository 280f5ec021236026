"""Messages to values, by messages written by hand."""

import json
from typing import Any

import pytest

from collector.model import Channel, Event, Frame, Observation, Quality, Rejected
from drivers.mqtt_sensor.options import Options
from drivers.mqtt_sensor.paths import find, path
from drivers.mqtt_sensor.payloads import MOST_SENSORS, Payloads, Topic

TEMPERATURE = {"path": "data.temp[1]", "code": "MDC_TEMP_AXIL", "unit": "Cel"}
"""The number of the second probe."""
PATCH: dict[str, Any] = {
    "values": [TEMPERATURE],
    "time": "ts",
    "quality": "state",
    "qualities": {"ok": "valid", "off": "not_available", "hot": "overflow"},
    "battery": "batt",
}


def payloads(topic: str = "ward/+/vitals", **options: Any) -> Payloads:
    return Payloads(Options.model_validate(options), Topic(topic))


def heard(mine: Payloads, document: Any, topic: str = "ward/P-1/vitals", *, retained: bool = False) -> list[Event]:
    payload = document if isinstance(document, bytes) else json.dumps(document).encode()
    return [*mine.heard(topic, payload, retained=retained)]


def message(**more: Any) -> dict[str, Any]:
    return {"ts": 1_790_000_000_123, "state": "ok", "batt": 87, "data": {"temp": [20.1, 36.35]}, **more}


def values(events: list[Event]) -> list[tuple[str, float | str | None, Quality]]:
    return [(e.channel.source, e.value, e.quality) for e in events if isinstance(e, Observation)]


def test_a_message_of_a_patch() -> None:
    payload = b'{"ts":1790000000123,"state":"ok","batt":87,"data":{"temp":[20.1,36.35]}}'
    frame, temperature, battery = heard(payloads(**PATCH), payload)
    assert frame == Frame(offset=0, length=len(payload), kind="message")
    assert temperature == Observation(
        channel=Channel(code="MDC_TEMP_AXIL", source="P-1", unit="Cel"),
        value=36.35,
        device_time_us=1_790_000_000_123_000,
    )
    assert battery == Observation(channel=Channel(code="VND_VITALSD_SENSOR_BATTERY", source="P-1", unit="%"), value=87)


def test_a_payload_that_is_the_number() -> None:
    mine = payloads("room/temperature", values=[{"unit": "Cel", "code": "VND_VITALSD_ROOM_TEMPERATURE"}])
    assert values(heard(mine, b"21.5", "room/temperature")) == [("room/temperature", 21.5, Quality.VALID)]
    assert values(heard(mine, b' "21.5"', "room/temperature")) == [("room/temperature", 21.5, Quality.VALID)]


@pytest.mark.parametrize(
    ("topic", "told", "sensor"),
    [
        ("ward/+/vitals", "ward/P-1/vitals", "P-1"),
        ("+/patch/+/t", "3/patch/7/t", "3/7"),
        ("a/b", "a/b", "a/b"),
    ],
)
def test_the_source_is_what_varies_in_the_topic(topic: str, told: str, sensor: str) -> None:
    assert Topic(topic).sensor(told) == sensor


def test_two_values_of_one_code_have_names() -> None:
    mine = payloads(values=[{"path": "a", "name": "left"}, {"path": "b", "name": "right"}])
    assert [source for source, *_ in values(heard(mine, {"a": 1, "b": 2}))] == ["P-1/left", "P-1/right"]


def test_a_text() -> None:
    mine = payloads(values=[{"path": "mode", "unit": ""}])
    assert values(heard(mine, {"mode": "sleep"})) == [("P-1", "sleep", Quality.VALID)]
    assert values(heard(mine, {"mode": True})) == [("P-1", "true", Quality.VALID)]


@pytest.mark.parametrize(
    ("more", "value", "quality"),
    [
        ({"state": "shaking"}, 36.35, Quality.QUESTIONABLE),
        ({"state": "off"}, None, Quality.NOT_AVAILABLE),
        ({"state": "hot"}, None, Quality.OVERFLOW),
        ({"data": {"temp": [20.1, None]}}, None, Quality.NOT_AVAILABLE),
        ({"data": {"temp": [20.1, None]}, "state": "hot"}, None, Quality.OVERFLOW),
    ],
)
def test_qualities(more: dict[str, Any], value: float | None, quality: Quality) -> None:
    assert values(heard(payloads(**PATCH), message(**more)))[0] == ("P-1", value, quality)


def test_a_word_of_quality_that_is_missing_makes_it_questionable() -> None:
    document = message()
    del document["state"]
    assert values(heard(payloads(**PATCH), document))[0] == ("P-1", 36.35, Quality.QUESTIONABLE)


def test_a_measurement_that_is_sent_again_is_a_repeat_of_its_sensor_only() -> None:
    mine = payloads(**PATCH)
    topics = ["ward/P-1/vitals", "ward/P-2/vitals", "ward/P-1/vitals"]
    told = [heard(mine, message(), topic)[1] for topic in topics]
    assert [e.repeat for e in told if isinstance(e, Observation)] == [False, False, True]
    newer = heard(mine, message(ts=1_790_000_001_123))[1]
    assert isinstance(newer, Observation)
    assert not newer.repeat


def test_what_the_broker_has_kept_is_standing() -> None:
    event = heard(payloads(**PATCH), message(), retained=True)[1]
    assert isinstance(event, Observation)
    assert event.standing


def test_an_emptied_topic_takes_the_values_away() -> None:
    mine = payloads(**PATCH)
    heard(mine, message())
    assert values(heard(mine, b"")) == [("P-1", None, Quality.NOT_AVAILABLE)]


@pytest.mark.parametrize(
    ("told", "time_us"),
    [
        ("2026-11-26T14:00:00Z", 1_795_701_600_000_000),
        ("2026-11-26T22:00:00.5+08:00", 1_795_701_600_500_000),
        ("2026-11-26T14:00:00", 1_795_701_600_000_000),
        (1_795_701_600, 1_795_701_600_000_000),
        (1_795_701_600_250, 1_795_701_600_250_000),
        ("1795701600", 1_795_701_600_000_000),
    ],
)
def test_times(told: Any, time_us: int) -> None:
    event = heard(payloads(**PATCH), message(ts=told))[1]
    assert isinstance(event, Observation)
    assert event.device_time_us == time_us


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 60_000, "not JSON"),
        (b'{"data":{"temp":[0,NaN]},"ts":1}', "not JSON"),
        (b"9" * 70_000, "too long"),
        ({"ts": 1}, "no value"),
        ({"ts": 1, "data": {"temp": "36.5"}}, "no value"),
        ({"ts": 1, "data": {"temp": [36.5]}}, "no value"),
        ({"ts": 1, "data": [1, 2]}, "no value"),
        (message(data={"temp": [0, "warm"]}), "not a number"),
        (message(data={"temp": [0, True]}), "not a number"),
        (message(data={"temp": [0, {}]}), "not a number"),
        (b'{"ts":1,"state":"ok","data":{"temp":[0,1e999]}}', "not a number"),
        (message(ts="yesterday"), "not a time"),
        (message(ts=None), "not a time"),
        ({"data": {"temp": [0, 36.5]}}, "no time"),
    ],
)
def test_what_is_not_understood_is_rejected(document: Any, reason: str) -> None:
    mine = payloads(**PATCH)
    (event,) = heard(mine, document)
    assert isinstance(event, Rejected)
    assert event.reason == reason
    assert len(heard(mine, message())) == 3


def test_a_battery_that_tells_nothing_spoils_nothing() -> None:
    assert len(heard(payloads(**PATCH), message(batt="low"))) == 2
    assert values(heard(payloads(**PATCH), message(batt=None)))[1] == ("P-1", None, Quality.NOT_AVAILABLE)


def test_no_more_sensors_than_can_be_remembered() -> None:
    mine = payloads(**PATCH)
    for n in range(MOST_SENSORS):
        heard(mine, message(), f"ward/{n}/vitals")
    (event,) = heard(mine, message(), "ward/one-more/vitals")
    assert isinstance(event, Rejected)
    assert len(heard(mine, message(), "ward/7/vitals")) == 3


@pytest.mark.parametrize(
    ("text", "steps"),
    [("", ()), ("a", ("a",)), ("a.b-c[0].d", ("a", "b-c", 0, "d")), ("[2][1]", (2, 1)), ("a.0", ("a", "0"))],
)
def test_paths(text: str, steps: tuple[str | int, ...]) -> None:
    assert path(text) == steps


def test_a_path_finds() -> None:
    assert find({"a": [{"b": 3}]}, path("a[0].b")) == 3


@pytest.mark.parametrize("text", [".", "a..b", "a.", "a[x]", "a[0", "a]", "[0]b"])
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(ValueError, match="no path"):
        path(text)


@pytest.mark.parametrize("topic", ["", "ward/#", "ward/a+/b", "a\0b"])
def test_what_is_no_topic(topic: str) -> None:
    with pytest.raises(ValueError, match=r"expected|whole level"):
        Topic(topic)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"values": []}, "at least 1"),
        ({"values": [{"path": "a..b"}]}, "no path"),
        ({"values": [{"code": "MDC_NO_SUCH"}]}, "no refid"),
        ({"values": [{"path": "a"}, {"path": "b"}]}, "a name tells them apart"),
        ({"values": [{}], "qualities": {"ok": "valid"}}, "of no use"),
        ({"values": [{}], "ca": "relative.pem"}, "absolute"),
        ({"values": [{}], "ca": "/no/such.pem"}, "No such file"),
    ],
)
def test_mistakes_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Options.model_validate(wrong)
