"""The pump's side: a syringe of propofol that answers questions and obeys nothing (fact sheet small-devices §14)."""

import math
from collections.abc import Iterable, Sequence

from collector.driver import Simulated
from collector.model import Event, Frame
from drivers.alaris.alarms import Alarms
from drivers.alaris.frames import Framer, Message, encode
from drivers.alaris.queries import Query
from drivers.alaris.replies import observations

SERIAL, PROTOCOL, DRUG = "8002-51740", "Asena Rev 2.1.5", "PROPOFOL 1%"
VTBI_ML, MAX_RATE_ML_H = 45.0, 1200.0
RATE_PER_POINT_ML_H = 0.4
"""Rate for each point that the state entropy is below 100: 22 mL/h at 44."""
SET_S = 300.0
"""So often somebody looks at the patient and sets the rate."""
RUNNING, HELD = ("-", "SET", "17.91"), ("A", "HLD", "530.15")
"""Alarm, mode and pressure (mmHg) of a pump that infuses, and of one that an occlusion has stopped."""
LONG_S = 24 * 3600

_QUERIES = {query.value: query for query in Query}


class AlarisSimulator:
    """A pump that is switched on at the first call.

    occluded_s, silent_s: when its line is occluded, and when it does not answer, in its own seconds; unknown: questions
    that its software does not have.
    """

    def __init__(
        self,
        simulated: Simulated,
        occluded_s: Sequence[tuple[float, float]] = (),
        silent_s: Sequence[tuple[float, float]] = (),
        unknown: Iterable[Query] = (),
    ) -> None:
        self._patient = simulated.patient
        self._occluded_s = occluded_s
        self._silent_s = silent_s
        self._unknown = frozenset(unknown)
        self._framer = Framer()
        self._alarms = Alarms()
        self._start_s: float | None = None
        self._time_s = 0.0
        self._infused_ml = 0.0
        self._out = bytearray()
        self._at = 0

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if self._start_s is None:
            self._start_s = now
        time_s = now - self._start_s
        self._infused_ml += self._rate_ml_h(time_s) * (time_s - self._time_s) / 3600.0
        self._time_s = time_s
        said: list[Event] = []
        for item in self._framer.feed(data):
            query = _QUERIES.get(item.name) if isinstance(item, Message) and not item.fields else None
            if query is not None and query not in self._unknown and not _within(self._silent_s, time_s):
                said += self._answer(query)
        return said

    def outgoing(self) -> bytes:
        out = bytes(self._out)
        self._out.clear()
        return out

    def deadline(self) -> float | None:
        return None

    def expire(self, now: float) -> Sequence[Event]:  # noqa: ARG002  it speaks when it is asked
        return ()

    def close(self, now: float) -> None:
        """It says no farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _rate_ml_h(self, time_s: float) -> float:
        if _within(self._occluded_s, time_s):
            return 0.0
        entropy = self._patient.vitals(time_s - time_s % SET_S).state_entropy
        return 0.0 if math.isnan(entropy) else round(RATE_PER_POINT_ML_H * (100.0 - entropy), 2)

    def _answer(self, query: Query) -> list[Event]:
        rate = self._rate_ml_h(self._time_s)
        alarm, mode, pressure = HELD if _within(self._occluded_s, self._time_s) else RUNNING
        texts = {
            Query.SERIAL: SERIAL,
            Query.PROTOCOL: PROTOCOL,
            Query.INFUSION: f"{SERIAL}^{alarm}^{mode}^{rate:.2f}^ml/h^{DRUG}^{self._infused_ml:.3f}^ml^{pressure}^mmHg"
            f"^{self._left(rate)}^EVENT^127904",
            Query.RATE: f"{rate:.2f}^ml/h",
            Query.VOLUME: f"{self._infused_ml:.3f}^ml",
            Query.VTBI: f"ACTIV^{VTBI_ML:.3f}^ml^STOP",
            Query.SYRINGE: "BD PLASTIPAK^ 50^CONF",
            Query.MAX_RATE: f"{MAX_RATE_ML_H:.2f}^ml/h",
        }
        data = encode(f"{query.value}^{texts[query]}")
        self._out += data
        frame = Frame(offset=self._at, length=len(data), kind=query.value)
        self._at += len(data)
        changes = self._alarms.changes(alarm) if query is Query.INFUSION else ()
        return [frame, *observations(query, texts[query].split("^")), *changes]

    def _left(self, rate_ml_h: float) -> str:
        left_s = (VTBI_ML - self._infused_ml) / rate_ml_h * 3600.0 if rate_ml_h > 0.0 else math.inf
        if left_s >= LONG_S:
            return "24+"
        seconds = max(0, int(left_s))
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _within(spells: Sequence[tuple[float, float]], time_s: float) -> bool:
    return any(start <= time_s < end for start, end in spells)
