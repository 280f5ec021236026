"""A session that is only fed."""

from collections.abc import Sequence
from typing import TypeVar

from collector.model import Event, Observation, Waveform
from drivers.philips_intellivue.options import Options
from drivers.philips_intellivue.session import IntelliVueSession

T = TypeVar("T")


def session(*, datagrams: bool = True) -> IntelliVueSession:
    return IntelliVueSession(Options(), datagrams)


def heard(payloads: Sequence[bytes], *, datagrams: bool = True) -> list[Event]:
    one = session(datagrams=datagrams)
    events = [event for payload in payloads for event in one.receive(payload, 0.0)]
    return events + list(one.finish())


def only(events: Sequence[Event], kind: type[T]) -> list[T]:
    return [event for event in events if isinstance(event, kind)]


def observations(*payloads: bytes) -> list[Observation]:
    return only(heard(payloads), Observation)


def waveforms(*payloads: bytes) -> list[Waveform]:
    return only(heard(payloads), Waveform)
