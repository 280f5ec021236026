"""The updater's configuration file: when a gateway may update itself."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from collector.config import AbsolutePath, Section, Zone, checked, read
from collector.update.window import DAYS, Day, Window, times


def _window(value: str) -> str:
    times(value)
    return value


class UpdateSection(Section):
    """`window`: from when to when, as "02:00-05:00", in `zone`; `days`: on which it begins; `blackout`: dates without.

    `gate_minutes`: how long a bed may take until it is as well as it was. `slots`: where the programs are; `state`:
    where the updater keeps what it remembers.
    """

    window: Annotated[str, AfterValidator(_window)]
    zone: Zone = "Asia/Shanghai"
    days: tuple[Day, ...] = DAYS
    blackout: tuple[date, ...] = ()
    gate_minutes: Annotated[float, Field(gt=0, le=60)] = 5
    slots: AbsolutePath = Path("/opt/vitalsd")
    state: AbsolutePath = Path("/var/lib/vitalsd-update")

    @property
    def opening(self) -> Window:
        begin, end = times(self.window)
        return Window(begin=begin, end=end, days=self.days, blackout=self.blackout, zone=self.zone)


class UpdateConfig(Section):
    """The updater's file."""

    update: UpdateSection


def load(path: Path) -> UpdateSection:
    """Read and check the file. Raises UsageError with every mistake: file, key, what was expected."""
    return checked(path, read(path), UpdateConfig).update
