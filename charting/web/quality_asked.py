"""What a quality page or the API is asked for: period, department, edition, view; and addresses that ask the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal
from urllib.parse import quote, urlencode

from fastapi import Depends, Query

from charting.quality.periods import Period, month, period
from charting.quality.report import QualityReport
from charting.quality.results import Member, Result, View
from charting.web import models
from charting.web.context import Context, Here
from charting.web.counting import Chosen
from charting.web.problems import Problem
from collector.errors import UsageError

ALL = "all"
Side = Literal["numerator", "denominator", "unknown", "pending", "happened"]
SIDES: Sequence[Side] = ("numerator", "denominator", "unknown", "pending", "happened")
Days = Annotated[str, Query(max_length=10, pattern=r"^(\d{4}-\d{2}-\d{2})?$", description="An ISO day")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`edition`: one of the catalogue's, or "all". `interval`: with confidence intervals."""

    chosen: Chosen
    edition: str
    view: View
    interval: bool

    @property
    def period(self) -> Period:
        return self.chosen.period

    def query(self, **other: str) -> str:
        """What asks the same again, with something else; "" leaves a thing out."""
        said = {
            "period": self.period.name,
            "department": self.chosen.department,
            "room": self.chosen.room,
            "technique": self.chosen.technique,
            "edition": "" if self.edition == ALL else self.edition,
            "view": "" if self.view == "anaesthesia" else self.view,
            "interval": "true" if self.interval else "",
            **other,
        }
        return urlencode({key: value for key, value in said.items() if value})

    def results(self, report: QualityReport) -> Sequence[Result]:
        """Of the edition."""
        return [r for r in report.results if self.edition in {ALL, r.indicator.edition}]


def asked(
    here: Here,
    text: Annotated[
        str, Query(alias="period", max_length=24, description="2026, 2026-Q4, 2026-11 or FROM..TO; none: this month")
    ] = "",
    first: Annotated[Days, Query(alias="from", description="With `to`, instead of `period`: from this day")] = "",
    last: Annotated[Days, Query(alias="to", description="To this day, it included")] = "",
    department: Annotated[models.Line, Query(description="None: all")] = "",
    edition: Annotated[str, Query(max_length=20, description="2022, 2015, tender, icu or all")] = ALL,
    view: Annotated[View, Query(description="anaesthesia: by the anaesthetic's period; event: what happened in it")] = (
        "anaesthesia"
    ),
    interval: Annotated[bool, Query(description="With 95 % confidence intervals (Wilson)")] = False,
) -> Asked:
    """Raises Problem 422 for a period or an edition that there is not."""
    if edition not in {ALL, *here.department.counting.catalogue.editions}:
        raise Problem(422, "quality.bad_edition")
    chosen = Chosen(period=_period(here, text, first, last), department=department)
    return Asked(chosen=chosen, edition=edition, view=view, interval=interval)


def _period(here: Context, text: str, first: str, last: str) -> Period:
    try:
        if first or last:
            return period(f"{first or last}..{last or first}", here.clock.zone)
        return period(text, here.clock.zone) if text else month(here.now_us(), here.clock.zone)
    except UsageError:
        raise Problem(422, "quality.bad_period") from None


AskedFor = Annotated[Asked, Depends(asked)]


def narrowed(
    ask: AskedFor,
    room: Annotated[models.Line, Query(description="One theatre's cases only")] = "",
    technique: Annotated[models.Line, Query(description="Cases of one group of techniques only")] = "",
) -> Asked:
    """For lists that a point of a chart leads to."""
    return replace(ask, chosen=replace(ask.chosen, room=room, technique=technique))


NarrowedFor = Annotated[Asked, Depends(narrowed)]


def members(result: Result, side: Side) -> Sequence[Member]:
    found: Sequence[Member] | None = getattr(result, side)
    return found or ()


def result_of(here: Context, ask: Asked, code: str, group: str, variant: str) -> Result:
    """Raises Problem 404."""
    report = here.department.counting.report(ask.chosen)
    for result in report.results:
        if (result.indicator.code, result.group, result.variant) == (code, group, variant):
            return result
    raise Problem(404, "unknown")


def list_href(ask: Asked, result: Result, side: Side, **other: str) -> str:
    """The page that lists who is on a side of a result."""
    query = ask.query(group=result.group, variant=result.variant, side=side, **other)
    return f"/quality/{quote(result.indicator.code)}?{query}"


def neighbours(ask: Asked, zone: str) -> Mapping[str, str]:
    """The periods before and after, of the same length: their names."""
    now = ask.period
    if now.is_month:
        return {"before": month(now.start_us - 1, zone).name, "after": month(now.end_us, zone).name}
    if now.is_year:
        return {"before": f"{int(now.year) - 1}", "after": f"{int(now.year) + 1}"}
    if "-Q" in now.name:
        number = int(now.year) * 4 + int(now.name[-1]) - 1
        return {key: f"{n // 4:04}-Q{n % 4 + 1}" for key, n in (("before", number - 1), ("after", number + 1))}
    return {}


def choices(here: Context, ask: Asked) -> Sequence[str]:
    """Names of periods to choose from: this and the last twelve months, five quarters, three years; and the chosen."""
    now, zone = here.now_us(), here.clock.zone
    months = [month(now, zone, back).name for back in range(13)]
    quarters = list(dict.fromkeys(f"{m[:4]}-Q{(int(m[5:]) + 2) // 3}" for m in months))
    years = [str(int(months[0][:4]) - back) for back in range(3)]
    return list(dict.fromkeys([ask.period.name, *months, *quarters, *years]))
