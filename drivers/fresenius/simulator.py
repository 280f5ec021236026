"""The device's side of the dialogue: a base with modules, or a pump that stands alone (small-devices §13)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from collector.driver import Simulated
from collector.model import Event, Observation, Quality
from drivers.fresenius.frames import DC4, ENQ, Framer, Message, Signal, encode
from drivers.fresenius.pumps import BASE, channels
from drivers.patient import Patient, Vitals

ENQUIRY_S = 5.0
"""How often it asks whether the host is alive; unanswered once, it forgets the connection."""
TYPE = "DPS"
OPEN_BASE, OPEN_MODULE, UNKNOWN, UNUSED = "0D", "1E", "01", "0A"
_LETTERS = "adekmrs"
_ONCE_AND_MORE = 3
"""A spontaneous message is sent so often until it is acknowledged."""


def _sedation(vitals: Vitals) -> float:
    entropy = 44.0 if math.isnan(vitals.state_entropy) else vitals.state_entropy
    return 30.0 + (min(entropy, 60.0) - 44.0)


def _pressor(vitals: Vitals) -> float:
    mean = 75.0 if math.isnan(vitals.art_mean_mmhg) else vitals.art_mean_mmhg
    return 0.5 * max(0.0, 70.0 - mean)


DRUGS: Mapping[str, tuple[str, Callable[[Vitals], float]]] = {
    "1": ("PROPOFOL 1%", _sedation),
    "2": ("REMIFENTANIL 40", lambda _: 8.0),
    "3": ("NORADRENALINE 40", _pressor),
}
"""Module → its drug, and its rate in mL/h for a patient."""
SET_S = 300.0
"""So often somebody looks at the patient and sets the rates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """alone: one pump without a base. mute: says nothing. corrupt_every: so many replies, one with a wrong check.

    removed, returned: module → when it is taken out, put back, in seconds. alarms: module → number of variable a.
    unused: letters that a pump does not know.
    """

    alone: bool = False
    mute: bool = False
    corrupt_every: int = 0
    removed: Mapping[str, float] = field(default_factory=dict)
    returned: Mapping[str, float] = field(default_factory=dict)
    alarms: Mapping[str, int] = field(default_factory=dict)
    unused: frozenset[str] = frozenset()


@dataclass(slots=True)
class _Module:
    given_ml: float = 0.0
    rate_ml_h: float = 0.0
    at_s: float = 0.0
    reports: str = ""
    reported: str = ""
    left: int = 0


class Simulator:
    """Does what a logger asks; any other command is remembered in `controls` and refused."""

    def __init__(self, simulated: Simulated, *, faults: Faults | None = None) -> None:
        self._patient: Patient = simulated.patient
        self._faults = faults or Faults()
        self._framer = Framer()
        self._modules = {address: _Module() for address in ([""] if self._faults.alone else DRUGS)}
        self._channels = {channel.source: channel for channel in channels()}
        self._connected: set[str] = set()
        self._zero: float | None = None
        self._enquiry_at = -math.inf
        self._alive = True
        self._replies = 0
        self._last = b""
        self._out = b""
        self.controls: list[str] = []

    def receive(self, data: bytes, now: float) -> Sequence[Event]:
        if self._zero is None:
            self._zero = now
        said: list[Event] = []
        for item in self._framer.feed(data):
            if self._faults.mute:
                continue
            if isinstance(item, Signal):
                self._alive |= item.code == DC4
                if item.error:
                    self._out += self._last
            elif isinstance(item, Message):
                said += self._command(item, now - self._zero)
        return said

    def outgoing(self) -> bytes:
        out, self._out = self._out, b""
        return out

    def deadline(self) -> float | None:
        return self._enquiry_at

    def expire(self, now: float) -> Sequence[Event]:
        if self._zero is None:
            self._zero = now
        self._enquiry_at = now + ENQUIRY_S
        if self._faults.mute:
            return ()
        if not self._alive:
            self._connected.clear()
        self._alive = False
        self._out += bytes((ENQ,))
        said: list[Event] = []
        for address, module in self._modules.items():
            if module.reports and address in self._connected and self._is_there(address, now - self._zero):
                said += self._report(address, module, now - self._zero)
        return said

    def close(self, now: float) -> None:
        """No farewell."""

    def finish(self) -> Sequence[Event]:
        return ()

    def _is_there(self, address: str, time_s: float) -> bool:
        out = self._faults.removed.get(address, math.inf) <= time_s
        return not out or self._faults.returned.get(address, math.inf) <= time_s

    def _command(self, message: Message, time_s: float) -> Sequence[Event]:
        address = message.address
        base = address == BASE and not self._faults.alone
        if not base and address not in self._modules:
            self._out += b"\x154"
            return ()
        if message.word == "E":
            self._modules[address].left = 0
            return ()
        self._out += b"\x06"
        if not base and not self._is_there(address, time_s):
            self._connected.discard(address)
            return self._reply(address, "I;0E")
        if message.word == "DC":
            self._connected.add(address)
            return self._reply(address, "C")
        if not self._faults.alone and BASE not in self._connected:
            return self._reply(address, f"I;{OPEN_BASE}")
        if address not in self._connected:
            return self._reply(address, f"I;{OPEN_MODULE}")
        if message.word == "FC":
            self._connected.discard(address)
            return self._reply(address, "C")
        return self._read_base(message, time_s) if base else self._read(message, time_s)

    def _read_base(self, message: Message, time_s: float) -> Sequence[Event]:
        if message.word != "LE" or set(message.text or "x") - {"b", "i"}:
            return self._reply(BASE, f"I;{UNUSED}")
        there = [address for address in self._modules if self._is_there(address, time_s)]
        bits = sum(1 << (int(address) - 1) for address in there)
        values = {"b": f"{bits:02X}", "i": f"{len(there):02X}"}
        return self._reply(BASE, "C;" + ";".join(letter + values[letter] for letter in message.text or ""))

    def _read(self, message: Message, time_s: float) -> Sequence[Event]:
        address, asked = message.address, message.text or ""
        module = self._modules[address]
        match message.word:
            case "LF" if asked == "b":
                return self._reply(address, f"C;b{TYPE}", [("b", TYPE)])
            case "LP":
                name = DRUGS[address or "1"][0]
                return self._reply(address, f"C;{name}", [("LP", name)])
            case "LE" if not set(asked) - set(_LETTERS) and not set(asked) & self._faults.unused:
                return self._reply(address, *self._values(address, module, asked, time_s))
            case "DE" if not set(asked) - set(_LETTERS):
                module.reports, module.reported = asked, ""
                return self._reply(address, "C")
            case "AE":
                module.reports = ""
                return self._reply(address, "C")
            case "LE" | "DE" | "LF":
                return self._reply(address, f"I;{UNUSED}")
            case _:
                self.controls.append(message.word)
                return self._reply(address, f"I;{UNKNOWN}")

    def _values(
        self, address: str, module: _Module, asked: str, time_s: float
    ) -> tuple[str, Sequence[tuple[str, float | str]]]:
        """A reply's text, and what it says."""
        module.given_ml += module.rate_ml_h * (time_s - module.at_s) / 3600.0
        module.at_s = time_s
        tenths = round(10.0 * max(0.0, DRUGS[address or "1"][1](self._patient.vitals(time_s - time_s % SET_S))))
        module.rate_ml_h = tenths / 10.0
        microlitres = round(1000.0 * module.given_ml)
        alarm = self._faults.alarms.get(address, 0)
        digits = {
            "a": f"{alarm:04X}", "d": f"{tenths:04X}", "e": "00", "k": "1F40", "m": "1",
            "r": f"{microlitres:06X}", "s": "000000",
        }  # fmt: skip
        values: dict[str, float | str] = {
            "d": tenths / 10.0, "k": 800.0, "m": "manual", "r": microlitres / 1000.0, "s": 0.0,
        }  # fmt: skip
        text = "C;" + ";".join(letter + digits[letter] for letter in asked)
        return text, [(letter, values[letter]) for letter in asked if letter in values]

    def _report(self, address: str, module: _Module, time_s: float) -> Sequence[Event]:
        """A spontaneous message, where something has changed or the last one was not acknowledged."""
        text, values = self._values(address, module, module.reports, time_s)
        if text != module.reported:
            module.reported, module.left = text, _ONCE_AND_MORE
        if not module.left:
            return ()
        module.left -= 1
        self._out += encode(f"{address}E{text[1:]}".encode())
        return self._said(address, values)

    def _reply(self, address: str, text: str, values: Sequence[tuple[str, float | str]] = ()) -> Sequence[Event]:
        frame = self._last = encode(f"{address}{text}".encode())
        self._replies += 1
        if self._faults.corrupt_every and self._replies % self._faults.corrupt_every == 0:
            frame = frame[:-2] + (b"0" if frame[-2:-1] != b"0" else b"1") + b"\x03"
        self._out += frame
        return self._said(address, values)

    def _said(self, address: str, values: Sequence[tuple[str, float | str]]) -> Sequence[Event]:
        found: list[Event] = []
        for letter, value in values:
            channel = self._channels[f"1/{letter}"]
            channel = replace(channel, source=f"{address}/{letter}" if address else letter)
            quality = Quality.QUESTIONABLE if letter in {"k", "s"} else Quality.VALID
            found.append(Observation(channel=channel, value=value, quality=quality))
        return found
