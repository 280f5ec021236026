"""What the watch knows of a bed's alarms at one time: frozen values. Times are µs since 1970 UTC."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from alarms.board import Alarm
from charting.trail.trail import CaseRow

FEED = "feed"
"""Source of our own condition that a bed's alarms are not known; its device is the gateway's name."""


class Doubt(StrEnum):
    """Why what was told of a bed's alarms may not be so any more.

    UNREAD: not looked at since the service began. STORE: what devices told cannot be read. SILENT: nothing new has
    come. BEHIND: it is heard again, and what was told meanwhile is still on its way. HALTED: the watch itself stands.
    """

    UNREAD = "unread"
    STORE = "store"
    SILENT = "silent"
    BEHIND = "behind"
    HALTED = "halted"


@dataclass(frozen=True, slots=True, kw_only=True)
class BedAlarms:
    """One bed. `alarms`: present and unknown ones, ours too, highest priority first, then the newest. `told`: those of
    the last day, ended ones too, the newest first.

    `devices`: of each whether its link is up; while there is a doubt none is heard. `doubt_us`: since when.
    """

    bed: str
    at_us: int
    alarms: tuple[Alarm, ...] = ()
    told: tuple[Alarm, ...] = ()
    devices: Mapping[str, bool] = field(default_factory=dict)
    doubt: Doubt | None = Doubt.UNREAD
    doubt_us: int | None = None

    @property
    def known(self) -> bool:
        """Everything that a device of the bed alarms of is here."""
        return self.doubt is None and all(self.devices.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The department at one time. `beds` in the configured order; `rows`: the open cases, newest first."""

    at_us: int
    beds: Mapping[str, BedAlarms] = field(default_factory=dict)
    rows: Sequence[CaseRow] = ()

    def cases(self, bed: str) -> Sequence[CaseRow]:
        return [row for row in self.rows if row.bed == bed]
