"""A session and a simulated oximeter joined in memory, with a made-up clock."""

from typing import Self

from collector.driver import Simulated
from collector.model import Event
from drivers.nonin import SPEC
from drivers.nonin.session import NoninSession
from drivers.nonin.simulator import NoninSimulator
from drivers.patient import Patient

STEP_S = 0.05


def oximeter(scenario: str = "stable", **more: object) -> NoninSimulator:
    return NoninSimulator(Simulated(patient=Patient(scenario, 1)), **more)  # type: ignore[arg-type]


class Link:
    """`said`: what the oximeter said; `heard`: what the session made of it; `up`, `down`: bytes either way."""

    def __init__(self, device: NoninSimulator, **options: object) -> None:
        self.device = device
        self.session = NoninSession(SPEC.options(**options))
        self.said: list[Event] = []
        self.heard: list[Event] = []
        self.up: list[bytes] = []
        self.down: list[tuple[float, bytes]] = []
        self.now = 0.0

    def run(self, until_s: float) -> Self:
        while self.now < until_s:
            due = self.session.deadline()
            if due is not None and due <= self.now:
                self.heard += self.session.expire(self.now)
            due = self.device.deadline()
            if due is not None and due <= self.now:
                self.said += self.device.expire(self.now)
            while data := self.session.outgoing():
                self.down.append((self.now, data))
                self.said += self.device.receive(data, self.now)
            while data := self.device.outgoing():
                self.up.append(data)
                self.heard += self.session.receive(data, self.now)
            self.now += STEP_S
        return self
