"""What the updater remembers, as JSON that people can read."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from collector.durable import sync
from collector.errors import UsageError, VitalsdError
from collector.update.gate import Look

FILE = "state.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An update that is due and cannot be made now. since: RFC 3339."""

    since: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How the last update ended. at: RFC 3339."""

    at: str
    version: str
    returned: bool
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """An update under way, from one slot to another, of some units one by one.

    versions: of the programs in both slots; before: how each unit was just before it was restarted, None where it did
    not answer or is no bed; done: those that were found well since; returning: why all of them go back.
    """

    old: str
    new: str
    package: str
    versions: Mapping[str, str]
    units: tuple[str, ...]
    before: Mapping[str, Look | None] = field(default_factory=dict)
    done: tuple[str, ...] = ()
    returning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """refused: identity of the package that was tried and returned."""

    waiting: Waiting | None = None
    last: Result | None = None
    refused: str = ""
    trial: Trial | None = None


class StateFile:
    """The state in its folder: whole, or as it was before."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / FILE

    def load(self) -> State:
        """A state that cannot be read is as good as none: then `current` is what it is."""
        try:
            return _state(json.loads(self.path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError, KeyError):
            return State()

    def save(self, state: State) -> State:
        fresh = self.path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(asdict(state), file, ensure_ascii=False, indent=1)
        sync(fresh)
        fresh.replace(self.path)
        sync(self._folder)
        return state

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One updater at a time. Raises UsageError for a folder that cannot be had, VitalsdError beside another one."""
        try:
            self._folder.mkdir(exist_ok=True)
            lock = (self._folder / "lock").open("w")
        except OSError as error:
            raise UsageError(f"update.state: {self._folder}: {error.strerror}") from None
        with lock as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise VitalsdError("another update is under way") from None
            yield


def _state(data: Mapping[str, Any]) -> State:
    return State(
        waiting=Waiting(**data["waiting"]) if data["waiting"] else None,
        last=Result(**data["last"]) if data["last"] else None,
        refused=data["refused"],
        trial=_trial(data["trial"]) if data["trial"] else None,
    )


def _trial(data: Mapping[str, Any]) -> Trial:
    before = {unit: Look(**_tuples(look)) if look else None for unit, look in data["before"].items()}
    return Trial(**{**_tuples(data), "before": before})


def _tuples(data: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in data.items()}
