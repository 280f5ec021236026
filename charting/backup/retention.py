"""Which backups stay. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar


class Made(Protocol):
    @property
    def made(self) -> datetime: ...

    @property
    def tested(self) -> bool: ...


M = TypeVar("M", bound=Made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Keep:
    """Of how many days, weeks and months (UTC) that have one the newest backup stays; `daily` is at least 1."""

    daily: int
    weekly: int
    monthly: int


_PERIODS: tuple[Callable[[datetime], object], ...] = (
    lambda at: at.date(),
    lambda at: at.isocalendar()[:2],
    lambda at: (at.year, at.month),
)


def surplus(backups: Iterable[M], keep: Keep) -> list[M]:
    """Backups of one database that need not stay, oldest first; the newest one that was restored stays always.

    One that could not be restored takes nobody's place, and stays only while no later one could.
    """
    oldest_first = sorted(backups, key=lambda backup: backup.made)
    tested = [backup for backup in oldest_first if backup.tested]
    since = [backup for backup in oldest_first if not tested or backup.made > tested[-1].made]
    staying = [*_staying(tested, keep), *_staying(since, keep)]
    return [backup for backup in oldest_first if backup not in staying]


def _staying(oldest_first: list[M], keep: Keep) -> list[M]:
    staying: list[M] = []
    for period, count in zip(_PERIODS, (keep.daily, keep.weekly, keep.monthly), strict=True):
        newest = list({period(backup.made): backup for backup in oldest_first}.values())
        staying += newest[max(0, len(newest) - count) :]
    return staying
