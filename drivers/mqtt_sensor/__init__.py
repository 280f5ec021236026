"""Sensors that publish to an MQTT broker: wearable patches, room sensors, bedside boxes."""

from collections.abc import Callable, Iterable, Sequence

from collector.driver import DriverSpec, Evidence, Line, Model, Simulated
from collector.model import AlarmCondition, Channel
from collector.session import Source
from collector.transport.base import Port
from drivers.mqtt_sensor.options import Options
from drivers.mqtt_sensor.payloads import BATTERY
from drivers.mqtt_sensor.simulated import EXAMPLE, TOPIC


def _source(options: Options, port: Port, standing: Sequence[AlarmCondition]) -> Source:
    from drivers.mqtt_sensor.source import MqttSource  # noqa: PLC0415  a library that the other drivers do without

    return MqttSource(options, port, standing)


def _peer(device: Simulated, port: Port, clock: Callable[[], float]) -> Source:
    from drivers.mqtt_sensor.peer import MqttPeer  # noqa: PLC0415  the same

    return MqttPeer(device, port, clock)


def _channels() -> Iterable[Channel]:
    values = Options.model_validate(EXAMPLE).values
    named = [Channel(code=one.code, source="sensor", unit=one.unit, role=one.role, site=one.site) for one in values]
    return [*named, Channel(code=BATTERY, source="sensor", unit="%")]


SPEC = DriverSpec(
    name="mqtt-sensor",
    vendor="MQTT",
    title="Sensors behind an MQTT broker",
    models=(Model(name="any sensor that publishes a number or JSON", evidence=Evidence.ASSUMED),),
    parts={
        "dialogue": Evidence.OTHER_IMPLEMENTATION,
        "values": Evidence.ASSUMED,
    },
    lines=(Line(scheme="mqtt", port=1883, path=f"/{TOPIC}"), Line(scheme="mqtts", port=8883, path=f"/{TOPIC}")),
    options=Options,
    source=_source,
    peer=_peer,
    example=EXAMPLE,
    channels=_channels,
)
