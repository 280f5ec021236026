"""A session and what it is fed, in tests."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from collector.hl7.message import Message, parse
from collector.hl7.mllp import Block, Framer, frame
from collector.model import AlarmCondition, Event
from drivers.hl7_pcd01.options import Options
from drivers.hl7_pcd01.session import Pcd01Session
from tests.shared import capture

T = TypeVar("T")

FOLDERS = ("comen", "ihe-pcd", "mindray-egateway", "mindray-other")
OWN = ("pcd01", "pcd04", "wato", "oru60")
"""Captures of this protocol: folders, and beginnings of own files."""

MSH = "MSH|^~\\&|GW|OR|||20260305093005+0800||{kind}|{id}|{test}|2.6|||AL|NE"
OBR = "OBR|1||7|182777000^monitoring of patient^SCT|||20260305093005+0800"
SENT_US = 1_772_674_205_000_000
"""2026-03-05T01:30:05Z, the time of both."""


def expected() -> dict[str, dict[str, Any]]:
    """What python-hl7 made of each capture of this protocol."""
    found: dict[str, dict[str, Any]] = json.loads(capture("hl7", "expected.json").read_text(encoding="utf-8"))
    return {
        name: wanted
        for name, wanted in found.items()
        if name.startswith(FOLDERS) or name.partition("/")[2].startswith(OWN)
    }


def captured(*names: str) -> bytes:
    """A capture in its frame."""
    data = capture("hl7", *names).read_bytes()
    return data if data.startswith(b"\x0b") else frame(data)


def message(*segments: str, kind: str = "ORU^R01^ORU_R01", id_: str = "1", test: str = "P") -> bytes:
    """A message in its frame."""
    header = MSH.format(kind=kind, id=id_, test=test)
    return frame("".join(segment + "\r" for segment in (header, *segments)).encode())


def rows(*obx: str, header: Sequence[str] = ("PV1||I|OR^3", OBR)) -> bytes:
    """A message of these OBX, from OBX-2 on."""
    return message(*header, *(f"OBX|{n + 1}|{one}" for n, one in enumerate(obx)))


class Link:
    def __init__(self, standing: Sequence[AlarmCondition] = (), **options: Any) -> None:
        self.session = Pcd01Session(Options(**options), standing)

    def feed(self, data: bytes, now: float = 0.0) -> list[Event]:
        return list(self.session.receive(data, now))

    def answers(self) -> list[Message]:
        return [parse(item.message) for item in Framer().feed(self.session.outgoing()) if isinstance(item, Block)]


def of(events: Sequence[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]
