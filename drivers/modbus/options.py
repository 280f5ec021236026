"""What a site may set for this driver: which registers mean what."""

from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from collector.codes import by_refid
from collector.model import UNMAPPED, AlarmType, Channel, Priority, Role
from drivers.modbus.blocks import Kind, blocks

MOST_TABLES = 1_000
"""Registers of one device's map: a line of 9600 baud reads as many in some seconds."""

LEAST_SILENCE_S = 8.0


Type = Literal["int16", "uint16", "int32", "uint32", "float32"]
Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
Name = Annotated[str, Field(min_length=1, max_length=64)]


class _Place(BaseModel):
    """Where something stands: `address` as it goes over the line (40001 of many manuals is holding 0).

    source: the name of the value or condition, as it is kept.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Name
    unit_id: Annotated[int, Field(ge=0, le=255)] = 1
    kind: Kind = Kind.HOLDING
    address: Annotated[int, Field(ge=0, le=65_535)]


class Register(_Place):
    """One value: raw × scale + offset in `unit` (UCUM), or a word of `words`.

    order: the bytes of a value of two registers, A the highest; CDAB has the low register first. invalid: raw values
    that mean "no value".
    """

    type: Type | None = None
    order: Order = "ABCD"
    scale: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    offset: Annotated[float, Field(allow_inf_nan=False)] = 0.0
    unit: str = "1"
    code: str = UNMAPPED
    role: Role = Role.MEASURED
    site: str = ""
    invalid: tuple[int, ...] = ()
    words: dict[int, Name] = {}

    @property
    def count(self) -> int:
        """How many registers or bits it takes."""
        return 2 if self.type in {"int32", "uint32", "float32"} else 1

    @property
    def channel(self) -> Channel:
        unit = "" if self.words else self.unit
        return Channel(code=self.code, source=self.source, unit=unit, role=self.role, site=self.site)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind.is_bit and self.type is not None:
            raise ValueError(f"{self.source}: a {self.kind} is a bit and has no type")
        if self.scale == 0:
            raise ValueError(f"{self.source}: scale is 0")
        if self.address + self.count > 65_536:
            raise ValueError(f"{self.source}: no room for two registers at address {self.address}")
        if not self.unit and not self.words:
            raise ValueError(f"{self.source}: a number has a unit; 1 is that of a pure number")
        if self.code != UNMAPPED and not self.code.startswith("VND_") and self.code not in by_refid():
            raise ValueError(
                f"{self.source}: {self.code!r} is no refid of the dictionary, no VND_ code, nor {UNMAPPED}"
            )
        return self


class Alarm(_Place):
    """One alarm bit: a coil, a discrete input, or bit `bit` (0 the lowest) of a register; active when it is `when`."""

    bit: Annotated[int, Field(ge=0, le=15)] | None = None
    when: Literal[0, 1] = 1
    text: str
    priority: Priority
    type: AlarmType = AlarmType.TECHNICAL
    code: str = UNMAPPED

    @property
    def count(self) -> int:
        return 1

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.kind.is_bit != (self.bit is None):
            raise ValueError(f"{self.source}: bit is for holding and input registers, and needed there")
        return self


class Options(BaseModel):
    """Options of modbus.

    registers, alarms: what stands where. poll_s: from one round of reading to the next. timeout_s: how long a device
    may take to answer; after a request without an answer a serial line is left alone for as long again.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    registers: Annotated[tuple[Register, ...], Field(max_length=MOST_TABLES)] = ()
    alarms: Annotated[tuple[Alarm, ...], Field(max_length=MOST_TABLES)] = ()
    poll_s: Annotated[float, Field(ge=0.2, le=600.0)] = 5.0
    timeout_s: Annotated[float, Field(ge=0.05, le=10.0)] = 1.0

    @property
    def silence_s(self) -> float:
        """Without an answer for so long the device is silent: a round, and as long as all of another may time out."""
        requests = len(blocks([*self.registers, *self.alarms]))
        return max(LEAST_SILENCE_S, self.poll_s + 2.0 * self.timeout_s * (requests + 1))

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if not self.registers and not self.alarms:
            raise ValueError("no register and no alarm: nothing would be read")
        channels = Counter(one.channel for one in self.registers)
        if doubles := [one.source for one, times in channels.items() if times > 1]:
            raise ValueError(f"two registers have the same code, source, unit, role and site: {doubles[0]}")
        alarms = Counter(one.source for one in self.alarms)
        if doubles := [source for source, times in alarms.items() if times > 1]:
            raise ValueError(f"two alarms have the same source: {doubles[0]}")
        return self
