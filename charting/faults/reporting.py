"""Troubles of gateways and devices that stand become faults by themselves, as the fleet's page knows them."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import structlog

from charting.apart import repeat
from charting.faults.log import FaultLog
from charting.faults.ticket import MINUTE_US, State, Ticket
from charting.fleet.look import Fleet
from charting.fleet.state import Heard, Level, Trouble
from charting.trail.entries import SYSTEM, TicketOpened
from collector.logs import Link

LOOK_S = 10.0
GATHERED_US = 24 * 60 * MINUTE_US
"""A trouble that comes again within a day of its going is the same fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A trouble that is there. `source`: the same for the same trouble, whenever it is there."""

    source: str
    bed: str
    trouble: Trouble

    @property
    def said(self) -> Mapping[str, str]:
        """What its text names; of a condition that stands, which one it is."""
        alarm = self.trouble.alarm
        if alarm is None:
            return self.trouble.said
        told = alarm.alarm
        return {"device": alarm.device, "code": told.code, "text": told.text, "source": told.source}


def standing(fleet: Fleet) -> Iterator[Standing]:
    """What needs somebody now. Of what was not looked at, nothing is said."""
    if not fleet.halted:
        yield from (each for each in _there(fleet) if each.trouble.level is Level.BAD)


def _there(fleet: Fleet) -> Iterator[Standing]:
    """What is wrong, much or a little."""
    for bed in fleet.beds:
        for trouble in bed.troubles:
            alarm = "" if trouble.alarm is None else trouble.alarm.alarm.source
            source = "|".join((bed.bed, trouble.key, trouble.said.get("device", ""), alarm))
            yield Standing(source=source, bed=bed.bed, trouble=trouble)


class Reporting:
    """`look` may be called from any thread, one at a time."""

    def __init__(
        self,
        log: FaultLog,
        fleet: Callable[[], Fleet],
        now_us: Callable[[], int],
        to: structlog.typing.FilteringBoundLogger,
    ) -> None:
        self._log = log
        self._fleet = fleet
        self._now_us = now_us
        self._link = Link(to, "fault log")
        self._since_us: dict[str, int] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; not at all where the configuration says never."""
        if self._log.contract.after_minutes:
            await repeat(self.look, LOOK_S, stop, self._link)

    def look(self) -> None:
        """Report what stands for so long, and say of what was reported whether it is still there.

        Raises VitalsdError: beds cannot be looked at, or nothing can be kept.
        """
        now_us = self._now_us()
        fleet = self._fleet()
        if fleet.halted:
            return
        bad = {each.source: each for each in standing(fleet)}
        self._since_us = {source: self._since_us.get(source, now_us) for source in bad}
        reported = self._reported(now_us)
        for source, each in bad.items():
            if now_us - self._since_us[source] >= self._log.contract.after_minutes * MINUTE_US:
                self._tell(each, reported.get(source), now_us)
        there = {each.source for each in _there(fleet)}
        heard = {bed.bed for bed in fleet.beds if bed.heard is Heard.HEARD}
        for source, ticket in reported.items():
            if source not in there and ticket.opened.bed in heard and ticket.cleared_us is None:
                self._log.follow(ticket.id, "clear", now_us)

    def _reported(self, now_us: int) -> Mapping[str, Ticket]:
        """By source the last fault that a trouble belongs to."""
        return {
            ticket.opened.source: ticket
            for ticket in self._log.tickets()
            if ticket.by == SYSTEM
            and ticket.state is not State.ARCHIVED
            and (ticket.is_open or ticket.cleared_us is None or now_us - ticket.cleared_us < GATHERED_US)
        }

    def _tell(self, each: Standing, before: Ticket | None, now_us: int) -> None:
        if before is not None:
            if before.cleared_us is not None:
                self._log.follow(before.id, "again", self._since_us[each.source])
            return
        self._log.tell(
            TicketOpened(
                ticket=_id(each.source, now_us),
                what="fault",
                bed=each.bed,
                device=each.trouble.said.get("device", ""),
                source=each.source,
                trouble=each.trouble.key,
                said=each.said,
                since_us=each.trouble.since_us or self._since_us[each.source],
            )
        )


def troubles(fleet: Fleet, tickets: Sequence[Ticket]) -> Mapping[str, str]:
    """Source of what stands → the open fault that has it: for the fleet's page."""
    open_ = {t.opened.source: t.id for t in tickets if t.is_open and t.opened.source}
    return {each.source: open_[each.source] for each in standing(fleet) if each.source in open_}


def _id(source: str, at_us: int) -> str:
    """Made of what it is: several services that look at one fleet report it once in a minute."""
    return sha256(f"{source}|{at_us // MINUTE_US}".encode()).hexdigest()[:24]
