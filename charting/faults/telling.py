"""How faults and wishes are told to people, in zh or en. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from charting.case.clock import SiteClock
from charting.faults.summary import Kept, Summary
from charting.faults.ticket import HOUR_US, MINUTE_US, Promise, Ticket, Verdict
from charting.faults.words import said
from charting.trail.entries import SYSTEM

_UNITS = {"zh": ("天", "小时", "分钟"), "en": ("d", "h", "min")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Teller:
    """`title`: of a ticket, of one that was reported by itself too; `name`: a person's, of an account."""

    lang: str
    clock: SiteClock
    title: Callable[[Ticket], str]
    name: Callable[[str], str]

    def __call__(self, key: str, **params: object) -> str:
        return said(f"faults.{key}", self.lang, **params)

    def who(self, account: str) -> str:
        return self("by_itself") if account == SYSTEM else self.name(account)

    def at(self, at_us: int) -> str:
        return self.clock.written(at_us)

    def span(self, span_us: int) -> str:
        """In whole minutes, its two largest units."""
        minutes = max(0, span_us) // MINUTE_US
        day, hour, minute = _UNITS[self.lang]
        parts = [(minutes // 1440, day), (minutes // 60 % 24, hour), (minutes % 60, minute)]
        told = [f"{n} {unit}" for n, unit in parts if n] or [f"0 {minute}"]
        return " ".join(told[:2])

    def promise(self, promise: Promise, now_us: int) -> str:
        """What became of it, or how long there is."""
        left_us = abs(promise.due_us - now_us)
        return self(f"verdict.{promise.verdict}", span=self.span(left_us))

    def took(self, promise: Promise) -> str:
        return "" if promise.took_us is None else self("took", span=self.span(promise.took_us))

    def limit(self, promise: Promise | Kept) -> str:
        limit_us = promise.limit_us
        hours = limit_us // HOUR_US
        _, hour, minute = _UNITS[self.lang]
        return f"≤ {hours} {hour}" if limit_us % HOUR_US == 0 else f"≤ {limit_us // MINUTE_US} {minute}"

    def summary_title(self, summary: Summary) -> str:
        return self("summary", month=summary.period.name, what=self(f"what.{summary.what}"))

    def kept_columns(self) -> Sequence[str]:
        return [
            self(key) for key in ("of_contract", "within_column", "due", "kept", "late", "running", "share", "median")
        ]

    def kept_row(self, kept: Kept) -> Sequence[str]:
        return (
            self(f"promise.{kept.key}"),
            self.limit(kept),
            str(kept.due),
            str(kept.kept),
            str(kept.late),
            str(kept.running),
            "–" if kept.share is None else f"{kept.share * 100:.1f} %",
            "–" if kept.median_us is None else self.span(kept.median_us),
        )

    def columns(self, summary: Summary) -> Sequence[str]:
        """Of the list: number, when, what, where, by whom, state, and what was promised."""
        promised = [self(f"promise.{kept.key}") for kept in summary.kept]
        return [self("number"), self("at"), self("name"), self("bed"), self("by"), self("state"), *promised]

    def row(self, ticket: Ticket, promised: Sequence[Promise]) -> Sequence[str]:
        return (
            ticket.id[:8],
            self.at(ticket.at_us),
            self.title(ticket),
            ticket.opened.bed,
            self.who(ticket.by),
            self(f"state.{ticket.state}"),
            *(self._outcome(promise) for promise in promised),
        )

    def _outcome(self, promise: Promise) -> str:
        if promise.verdict is Verdict.UNNEEDED:
            return self("verdict.unneeded")
        if promise.took_us is None:
            return self("running" if promise.verdict is Verdict.RUNNING else "late")
        return f"{self(f'verdict.{promise.verdict}')} · {self.span(promise.took_us)}"
