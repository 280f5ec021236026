"""Workload in words, zh or en: for pages, paper and spreadsheets. Pure."""

from collections.abc import Mapping
from decimal import Decimal

from charting.case.clock import SiteClock
from charting.case.events import events
from charting.case.staff import staff
from charting.templates.loader import Templates
from charting.trail.contents import Term
from charting.workload.lines import EXTRA, Factor, Label, Reason
from charting.workload.scheme import Scheme
from charting.workload.words import said


class Teller:
    """`lang`: zh or en."""

    def __init__(self, lang: str, clock: SiteClock, scheme: Scheme, templates: Templates) -> None:
        self.lang = lang
        self.clock = clock
        self.scheme = scheme
        self._templates = templates

    def __call__(self, key: str, **params: object) -> str:
        return said(f"workload.{key}", self.lang, **params)

    def of(self, named: object) -> str:
        """The name of a thing that has one in each language."""
        return str(getattr(named, self.lang))

    def points(self, value: Decimal) -> str:
        """A score, to 3 decimals."""
        return f"{value:.3f}"

    def signed_points(self, value: Decimal) -> str:
        return f"{value:+.3f}".replace("-", "−")

    def hours(self, minutes: int) -> str:
        """Hours and minutes, as 36:05; "–" for none."""
        return f"{minutes // 60}:{minutes % 60:02}" if minutes else "–"

    def day(self, at_us: int) -> str:
        return f"{self.clock.local(at_us):%m-%d}"

    def time(self, at_us: int | None) -> str:
        return "" if at_us is None else f"{self.clock.local(at_us):%H:%M}"

    def span(self, label: Label) -> str:
        """From when to when: 08:00–09:30."""
        return f"{self.time(label.start_us)}–{self.time(label.end_us)}"

    def term(self, term: Term) -> str:
        return term.zh if self.lang == "zh" else term.en or term.zh

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
        """A line's factors in a row: `name value (from what) × …`."""
        parts = []
        for each in factors:
            what = self.what(each, label)
            parts.append(f"{self.factor(each)} {self.value(each)}" + (f" ({what})" if what else ""))
        return " × ".join(parts)
