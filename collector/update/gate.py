"""Whether a bed is as well after an update as before, by its own metrics."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from collector.exposition import samples

_ANSWER_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a bed's daemon tells of itself at one moment.

    slot: where it was started from, empty where a release does not tell; receiving, failing: devices that are received,
    and whose driver has raised; connected, broker: the servers are reached; occupied, free: beds with a case and
    without, of the others it is unknown.
    """

    version: str
    slot: str
    receiving: tuple[str, ...]
    failing: tuple[str, ...]
    saved: bool
    connected: bool
    broker: bool
    occupied: tuple[str, ...]
    free: tuple[str, ...]


def look(address: tuple[str, int]) -> Look | None:
    """None: nothing that is a bed's daemon answers there."""
    connection = HTTPConnection(*address, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/metrics")
        answer = connection.getresponse()
        return told(answer.read().decode()) if answer.status == 200 else None
    except (OSError, HTTPException, ValueError):
        return None
    finally:
        connection.close()


def told(text: str) -> Look | None:
    """What metrics say. Raises ValueError for a text that is none."""
    found: dict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
    for metric, labels, value in samples(text):
        found[metric].append((labels, value))

    def names(metric: str, label: str, value: bool, **wanted: str) -> tuple[str, ...]:
        return tuple(
            sorted(
                labels[label]
                for labels, number in found[metric]
                if bool(number) is value and wanted.items() <= labels.items()
            )
        )

    def is_set(metric: str) -> bool:
        return any(number for _, number in found[metric])

    if not found["vitalsd_build_info"]:
        return None
    ((build, _),) = found["vitalsd_build_info"]
    return Look(
        version=build["version"],
        slot=build.get("slot", ""),
        receiving=names("vitalsd_device_state", "device", True, state="receiving"),
        failing=names("vitalsd_driver_errors_total", "device", True),
        saved=is_set("vitalsd_journal_saved"),
        connected=is_set("vitalsd_sink_connected"),
        broker=is_set("vitalsd_mqtt_connected"),
        occupied=names("vitalsd_case_open", "bed", True),
        free=names("vitalsd_case_open", "bed", False),
    )


def runs(now: Look | None, version: str, slot: str) -> bool:
    """Whether a daemon is that of a slot."""
    return now is not None and now.version == version and now.slot in {"", slot}


def faults(before: Look | None, now: Look | None, version: str, slot: str) -> Iterator[str]:
    """What is not as it was, or as it has to be with a version in a slot."""
    if now is None:
        yield "it does not answer"
        return
    if not runs(now, version, slot):
        yield f"it runs {now.version} of slot {now.slot or '?'}"
    if not now.saved:
        yield "its journal is not saved"
    if before is None:
        return
    for said, lost in (
        ("is not received", _less(before.receiving, now.receiving)),
        ("has a driver that fails", _less(now.failing, before.failing)),
    ):
        yield from (f"{device} {said}" for device in lost)
    if before.connected and not now.connected:
        yield "the store is not reached"
    if before.broker and not now.broker:
        yield "the broker is not reached"


def against(now: Look | None, beds: Collection[str]) -> str:
    """Why a daemon that speaks for these beds is not to be ended now, or nothing."""
    if now is None:
        return "it does not answer"
    if occupied := [bed for bed in beds if bed in now.occupied]:
        return f"a case is open at {', '.join(occupied)}"
    if unknown := [bed for bed in beds if bed not in now.free]:
        return f"whether a case is open at {', '.join(unknown)} is not known"
    return ""


def _less(some: Collection[str], others: Collection[str]) -> list[str]:
    return [one for one in some if one not in others]
