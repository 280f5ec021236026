"""Byte streams of a Servo for the shared contract suite."""

from drivers.servo.ventilator import Faults
from tests.drivers.servo.link import Link
from tests.shared import Recording, capture


def recordings() -> list[Recording]:
    streamed = Link(faults=Faults(standby_from_s=15.0, standby_until_s=18.0), options={"refresh_s": 10.0})
    polled = Link(options={"waves": ()}, scenario="bleeding")
    return [
        Recording(name="capture", chunks=(capture("servo", "servo_radc_stream.bin").read_bytes(),)),
        Recording(name="streamed", chunks=tuple(streamed.run(30.0).close().up)),
        Recording(name="polled", chunks=tuple(polled.run(15.0).close().up)),
    ]
