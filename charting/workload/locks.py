"""Months that were locked, and what was said about somebody's month: as the trail keeps them."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any

from charting.trail.entries import Disputed, Frozen
from charting.trail.trail import Trail
from charting.workload import month
from charting.workload.month import Carried, Month
from charting.workload.scheme import Scheme
from charting.workload.scheme import from_json as scheme_of

_KEPT = 3
"""Locked months that are kept in memory whole; one may take some 15 MB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """That a month was locked: `seq` of its entry, by whom and when, and what it carried from months before.

    `upto`: the trail's last entry when it was counted; what came later may make a difference.
    """

    seq: int
    period: str
    by: str
    at_us: int
    upto: int
    carried: tuple[Carried, ...]


def frozen(made: Month, scheme: Scheme, upto: int) -> Frozen:
    """The entry that locks a month."""
    said = {"upto": upto, "scheme": scheme.model_dump(mode="json"), "month": month.to_json(made)}
    text = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return Frozen(what="workload", period=made.period, version=made.formula, result=text)


class Locks:
    """By month; the first lock of a month is the one that counts. Any thread may call; the trail is read once."""

    def __init__(self, trail: Trail) -> None:
        self._trail = trail
        self._seen = 0
        self._found: dict[str, Locked] = {}
        self._whole: OrderedDict[int, tuple[Month, Scheme]] = OrderedDict()
        self._lock = Lock()

    def all(self) -> Mapping[str, Locked]:
        with self._lock:
            for entry in self._trail.all(self._seen, kinds=["frozen"]):
                self._seen = entry.seq
                body = entry.body
                if isinstance(body, Frozen) and body.what == "workload" and body.period not in self._found:
                    said = json.loads(body.result)
                    made = self._keep(entry.seq, said)[0]
                    self._found[body.period] = Locked(
                        seq=entry.seq,
                        period=body.period,
                        by=entry.actor,
                        at_us=entry.at_us,
                        upto=said["upto"],
                        carried=made.carried,
                    )
            return dict(self._found)

    def of(self, period: str) -> Locked | None:
        return self.all().get(period)

    def whole(self, locked: Locked) -> tuple[Month, Scheme]:
        """The month as it was locked, and the scheme that made it."""
        with self._lock:
            if locked.seq in self._whole:
                self._whole.move_to_end(locked.seq)
                return self._whole[locked.seq]
            body = next(iter(self._trail.all(locked.seq - 1, kinds=["frozen"]))).body
            assert isinstance(body, Frozen)
            return self._keep(locked.seq, json.loads(body.result))

    def _keep(self, seq: int, said: Mapping[str, Any]) -> tuple[Month, Scheme]:
        whole = month.from_json(said["month"]), scheme_of(said["scheme"])
        self._whole[seq] = whole
        while len(self._whole) > _KEPT:
            self._whole.popitem(last=False)
        return whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """What one of a dispute said: the person himself, or (`answer`) who answered him."""

    by: str
    at_us: int
    text: str
    answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispute:
    """All that was said about a person's month, oldest first. `open`: he has spoken last."""

    account: str
    period: str
    remarks: tuple[Remark, ...]

    @property
    def open(self) -> bool:
        return not self.remarks[-1].answer


def disputes(trail: Trail, period: str) -> Mapping[str, Dispute]:
    """By account, of a month."""
    found: dict[str, list[Remark]] = {}
    for entry in trail.all(kinds=["disputed"]):
        body = entry.body
        if isinstance(body, Disputed) and body.period == period:
            remark = Remark(by=entry.actor, at_us=entry.at_us, text=body.text, answer=body.answer)
            found.setdefault(body.account, []).append(remark)
    return {account: Dispute(account=account, period=period, remarks=tuple(r)) for account, r in found.items()}
