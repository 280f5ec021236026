"""An inspection report: what was measured, what was found, and what could not be measured. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from charting.inspection.due import Kind
from charting.inspection.findings import Finding, findings
from charting.inspection.measured import Measured
from charting.inspection.rules import version as rules_version
from charting.quality.periods import Period
from collector import __version__

SCHEMA = 1
"""Of the JSON: raised when a key goes or changes its meaning; new keys may come without."""

PERFORMANCE = ("database",)
"""Parts of the rules that a report of the database's performance holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """What could not be measured: a key of words.csv (`unmeasured.…`), and of whom."""

    key: str
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`program`, `rules`: versions by which it was made. `end_us` of the period: the time of making, where it was not
    over yet.
    """

    schema: int
    kind: Kind
    period: Period
    site: str
    zone: str
    made_us: int
    program: str
    rules: str
    findings: tuple[Finding, ...]
    unmeasured: tuple[Unmeasured, ...]
    measured: Measured


_REPORT: TypeAdapter[Report] = TypeAdapter(Report)


def report(
    kind: Kind, period: Period, measured: Measured, unmeasured: Sequence[Unmeasured], *, site: str, zone: str,
    made_us: int,
) -> Report:  # fmt: skip
    parts = PERFORMANCE if kind == "performance" else ()
    return Report(
        schema=SCHEMA,
        kind=kind,
        period=period,
        site=site,
        zone=zone,
        made_us=made_us,
        program=__version__,
        rules=rules_version(),
        findings=tuple(findings(measured, made_us, zone, parts=parts)),
        unmeasured=tuple(unmeasured),
        measured=measured,
    )


def to_json(told: Report) -> Mapping[str, Any]:
    """Every field under its own name (charting.inspection.measured); times are µs since 1970 UTC."""
    said: dict[str, Any] = _REPORT.dump_python(told, mode="json")
    return said


def to_text(told: Report) -> str:
    """The same, as it is kept."""
    return _REPORT.dump_json(told).decode()


def from_text(text: str) -> Report:
    """Raises ValueError for what is no report of this schema."""
    return _REPORT.validate_json(text)
