"""Workload in words, zh or en: for pages, paper and spreadsheets. Pure."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from charting.case.clock import SiteClock
from charting.case.events import events
from charting.case.staff import staff
from charting.templates.loader import Templates
from charting.trail.contents import Term
from charting.workload.lines import EXTRA, Factor, Label, Line, Reason
from charting.workload.locks import Locked
from charting.workload.scheme import Scheme
from charting.workload.spans import MINUTE_US
from charting.workload.words import said

_ALWAYS = frozenset({"base", "fixed", "level", "hours", "time", "points"})
"""Factors that are told though they are 1."""


class Teller:
    def __init__(
        self, lang: str, clock: SiteClock, scheme: Scheme, templates: Templates, name_of: Callable[[str], str]
    ) -> None:
        """`lang`: zh or en. `scheme`: the one that made what is told. `name_of`: account → person's name."""
        self.lang = lang
        self.clock = clock
        self.scheme = scheme
        self._templates = templates
        self._name_of = name_of

    def __call__(self, key: str, **params: object) -> str:
        return said(f"workload.{key}", self.lang, **params)

    def of(self, named: object) -> str:
        """The name of a thing that has one in each language."""
        return str(getattr(named, self.lang))

    def points(self, value: Decimal) -> str:
        """A score, to 3 decimals."""
        return f"{value:.3f}"

    def state(self, locked: Locked | None) -> str:
        """Whether a month is locked, by whom and when."""
        if locked is None:
            return self("open_month")
        return self("locked", by=self._name_of(locked.by), time=self.clock.written(locked.at_us))

    def person(self, person: str, name: str) -> str:
        """Who has no account is told apart by his name alone, and it is said."""
        return name + self("name_only") if person.startswith("name:") else name

    def signed_points(self, value: Decimal) -> str:
        return f"{value:+.3f}".replace("-", "−")

    def hours(self, minutes: int) -> str:
        """Hours and minutes, as 36:05; "–" for none."""
        return f"{minutes // 60}:{minutes % 60:02}" if minutes else "–"

    def day(self, at_us: int) -> str:
        return f"{self.clock.local(at_us):%m-%d}"

    def time(self, at_us: int) -> str:
        return f"{self.clock.local(at_us):%H:%M}"

    def when(self, line: Line) -> str:
        """From when to when somebody was there, as 08:00–09:30; "" of an extra."""
        if not line.spans:
            return ""
        return "–".join(self.time(minute * MINUTE_US) for minute in (line.spans[0][0], line.spans[-1][1]))

    def term(self, term: Term) -> str:
        return term.zh if self.lang == "zh" else term.en or term.zh

    def reasons(self, reasons: tuple[Reason, ...]) -> str:
        return ("；" if self.lang == "zh" else "; ").join(self.reason(reason) for reason in reasons)

    def procedures(self, label: Label) -> str:
        joint = "；" if self.lang == "zh" else "; "
        return joint.join(self.term(t) for t in label.procedures) or self("no_procedure")

    def stage(self, stage: str) -> str:
        known = self.scheme.stages.get(stage)
        return self("stage.extra") if stage == EXTRA else self.of(known) if known is not None else stage

    def role(self, stage: str, role: str) -> str:
        if stage == EXTRA:
            return self(f"extra.{role}")
        return staff()[role][self.lang] if role in staff() else role

    def document(self, document: str) -> str:
        template = self._templates.get(document)
        return template.title(self.lang) if template is not None else document

    def reason(self, reason: Reason) -> str:
        known = {name: self.of(events()[key]) for name, key in reason.params.items() if key in events()}
        return self(f"reason.{reason.key}", **{**reason.params, **known})

    def factor(self, factor: Factor) -> str:
        """Its name."""
        return self(f"factor.{factor.key}")

    def value(self, factor: Factor) -> str:
        """Without the zeros at its end, one decimal at least."""
        whole, _, part = f"{factor.value:.4f}".partition(".")
        return f"{whole}.{part.rstrip('0') or '0'}"

    def what(self, factor: Factor, label: Label) -> str:
        """From what it comes; "" where its name says all."""
        what = factor.what
        match factor.key:
            case "base":
                names = {term.code: self.term(term) for term in label.techniques}
                return " + ".join(names.get(code, code) for code in what["techniques"].split("+"))
            case "time" | "hours":
                return self("min", n=what["minutes"])
            case "location":
                return self(f"area.{what['area']}")
            case "emergency":
                return self(what["emergency"])
            case "age":
                return what.get("band", self("unknown"))
            case "risk":
                return what.get("level", self("unknown"))
            case "shift":
                return self._parts(what)
            case "parallel" | "credit":
                return self("of_min", n=what["minutes"], of=what["of"])
            case "share":
                return self("beside", role=staff()[what["beside"]][self.lang]) if "beside" in what else ""
            case _:
                return " ".join(what.values())

    def _parts(self, what: Mapping[str, str]) -> str:
        return ", ".join(f"{self(f'part.{name}')} {minutes}" for name, minutes in what.items())

    def formula(self, factors: tuple[Factor, ...], label: Label) -> str:
        """A line's factors in a row: `name value (from what) × …`, and in the end the names of those that are 1."""
        parts: list[str] = []
        ones: list[str] = []
        for each in factors:
            what = self.what(each, label)
            if each.value == 1 and each.key not in _ALWAYS:
                ones.append(self.factor(each))
            else:
                parts.append(f"{self.factor(each)} {self.value(each)}" + (f" ({what})" if what else ""))
        return " × ".join(parts) + (f"; {self('ones')}: {', '.join(ones)}" if ones else "")
