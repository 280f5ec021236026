"""Advisories of our own (clinical.md §2.7, §2.8; anti-fatigue §4.3): never a device's alarm, and no order. Pure.

The rules are the rows of advisories.toml. Nothing here delays, lowers or hides what a device says.
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Literal, Protocol

from alarms.conditions import CONDITIONS, Verdict
from alarms.look import Common, Look, entered_us
from alarms.situation import Area, Situation, Three
from alarms.temperature import MINUTE_US, sites

__all__ = ["Advice", "Advisor", "Area", "Held", "Level", "Rule", "Situation", "Three", "Told", "rules", "text", "why"]

Phase = Literal["start", "end"]
Lang = Literal["zh", "en"]


class Level(StrEnum):
    """The class of an advisory, most urgent first. TASK: something to do; INFORMATION: a badge, interrupts nobody."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    ADVISORY = "advisory"
    REMINDER = "reminder"
    TASK = "task"
    INFORMATION = "information"


_URGENCY = {level: n for n, level in enumerate(Level)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of advisories.toml, where its fields are explained."""

    id: str
    source: str
    level: Level
    areas: frozenset[Area]
    condition: str
    numbers: Mapping[str, float]
    zh: str
    en: str
    suppressed: bool = False
    once: bool = False
    rest_min: int = 0
    expire_min: int = 0


class Told(Protocol):
    """What was advised before, as a case keeps it (charting's `Advised` is one)."""

    @property
    def rule(self) -> str: ...

    @property
    def phase(self) -> Phase: ...

    @property
    def at_us(self) -> int: ...

    @property
    def said(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """An advisory begins or ends. `said`: the numbers that made it so, as the rule's text names them; of an end `why`:
    cleared, expired, cooled, moved, unknown.
    """

    rule: str
    phase: Phase
    at_us: int
    level: Level
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A rule that would speak and does not: `why` it is held back (a key of [why] in advisories.toml)."""

    rule: str
    why: str


@cache
def rules() -> Mapping[str, Rule]:
    """By id, in the order of the file."""
    return {row["id"]: _rule(row) for row in _file()["rule"]}


def text(rule: str, lang: Lang, said: Mapping[str, str]) -> str:
    """What the rule says, with the numbers of its start; a number that is not there is a dash.

    Raises KeyError for a rule that the table does not have.
    """
    words: Mapping[str, str] = _file()["words"][lang]
    named = {key: words.get(value, value) for key, value in said.items()}
    if "site" in said:
        named["site"] = getattr(sites().get(said["site"], sites()["unknown"]), lang)
    return str(getattr(rules()[rule], lang)).format_map(_Named(named))


def why(key: str, lang: Lang) -> str:
    """Why an advisory ended, or is held back, for a person; a key that the table does not have as it is."""
    return str(_file()["why"][lang].get(key, key))


class Advisor:
    """The advisories of one case. It remembers nothing but what was told: from `told` it goes on where it was."""

    def __init__(self, told: Iterable[Told] = ()) -> None:
        self._starts: dict[str, list[int]] = {}
        self._standing: dict[str, Advice] = {}
        self._held: list[Held] = []
        for one in sorted(told, key=lambda one: one.at_us):
            if one.rule in rules():
                self._keep(_advice(one.rule, one.phase, one.at_us, one.said))

    def step(self, situation: Situation) -> Sequence[Advice]:
        """What begins and ends now; keep each with the case. Call it each minute or so, times never going back."""
        look = Look(situation=situation, common=_common())
        self._held = []
        ended, begun = [], []
        for rule in rules().values():
            verdict = Verdict()
            if situation.area in rule.areas:
                verdict = CONDITIONS[rule.condition](look, rule.numbers, self._last_us(rule))
            if rule.id in self._standing:
                because = self._over(rule, verdict, situation)
                if because:
                    ended.append(_advice(rule.id, "end", situation.now_us, {**verdict.said, "why": because}))
            elif verdict.start and self._may_begin(rule, situation) and not self._lacks(rule, verdict, situation):
                begun.append(_advice(rule.id, "start", situation.now_us, verdict.said))
        for one in ended:
            self._keep(one)
        return [*ended, *self._capped(sorted(begun, key=lambda one: _URGENCY[one.level]), situation.now_us)]

    @property
    def standing(self) -> Sequence[Advice]:
        """Those that stand, as they began, the most urgent first: one bundle to show."""
        return sorted(self._standing.values(), key=lambda one: (_URGENCY[one.level], one.at_us))

    @property
    def held(self) -> Sequence[Held]:
        """Of the last step: what would have been said but for something that is not known, or for the rate cap."""
        return tuple(self._held)

    def _last_us(self, rule: Rule) -> int | None:
        return max(self._starts.get(rule.id, ()), default=None)

    def _over(self, rule: Rule, verdict: Verdict, situation: Situation) -> str:
        """Why one that stands ends; "": it does not."""
        began_us, now_us = self._standing[rule.id].at_us, situation.now_us
        if situation.area not in rule.areas:
            return "moved"
        if rule.suppressed and _is_cooled(situation):
            return "cooled"
        if verdict.end:
            return verdict.end
        return "expired" if rule.expire_min and now_us >= began_us + rule.expire_min * MINUTE_US else ""

    def _may_begin(self, rule: Rule, situation: Situation) -> bool:
        last_us = self._last_us(rule)
        rested = last_us is None or (not rule.once and situation.now_us >= last_us + rule.rest_min * MINUTE_US)
        return rested and not (rule.suppressed and _is_cooled(situation))

    def _lacks(self, rule: Rule, verdict: Verdict, situation: Situation) -> bool:
        """It is held back for something that is not known."""
        entered = not rule.suppressed or situation.area == "pacu" or entered_us(situation) is not None
        lacking = verdict.lacking or ("" if entered else "room_in")
        if lacking:
            self._held.append(Held(rule=rule.id, why=lacking))
        return bool(lacking)

    def _capped(self, begun: Sequence[Advice], now_us: int) -> Sequence[Advice]:
        """Those that may begin now: what the cap holds back begins when it may, if it is still so."""
        common, kept = _file()["common"], []
        since_us = now_us - common["cap_min"] * MINUTE_US
        for one in begun:
            recent = sum(
                at_us > since_us
                for rule, starts in self._starts.items() if rules()[rule].level in common["counted"]
                for at_us in starts
            )  # fmt: skip
            if one.level in common["capped"] and recent >= common["cap"]:
                self._held.append(Held(rule=one.rule, why="cap"))
                continue
            self._keep(one)
            kept.append(one)
        return kept

    def _keep(self, one: Advice) -> None:
        if one.phase == "start":
            self._starts.setdefault(one.rule, []).append(one.at_us)
            self._standing[one.rule] = one
        else:
            self._standing.pop(one.rule, None)


class _Named(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def _advice(rule: str, phase: Phase, at_us: int, said: Mapping[str, str]) -> Advice:
    return Advice(rule=rule, phase=phase, at_us=at_us, level=rules()[rule].level, said=said)


def _is_cooled(situation: Situation) -> bool:
    return any(
        start_us <= situation.now_us and (end_us is None or situation.now_us < end_us)
        for start_us, end_us in situation.cooled
    )


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(**{**row, "level": Level(row["level"]), "areas": frozenset(row["areas"])})


@cache
def _common() -> Common:
    told = _file()["common"]
    low, high = told["plausible_c"]
    return Common(
        stale_min=told["stale_min"],
        spot_min=told["spot_min"],
        unknown_min=told["unknown_min"],
        plausible_c=(low, high),
    )


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(files("alarms").joinpath("advisories.toml").read_text(encoding="utf-8"))
