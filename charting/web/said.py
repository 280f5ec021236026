"""What an item says, in a line for people. Pure."""

from collections.abc import Mapping

from charting.case.clock import SiteClock
from charting.case.events import EventKind, events
from charting.case.findings import FindingKind, findings
from charting.templates.template import Template
from charting.trail.contents import (
    Answer,
    Attendance,
    Bolus,
    Breathing,
    Charted,
    Coded,
    Consumable,
    Content,
    Controlled,
    Event,
    Finding,
    Infusion,
    Pace,
    Patient,
    Remark,
    Score,
    Volume,
    Warming,
)
from charting.web.words import Words
from collector.clock import to_datetime
from collector.units import display


def number(value: float) -> str:
    """As people write it: no more digits than are there."""
    return f"{value:.10g}"


class Sayings:
    """Lines in one language, times in the site's zone."""

    def __init__(self, words: Words, clock: SiteClock) -> None:
        self.words = words
        self._clock = clock

    def time(self, at_us: int | None) -> str:
        """The time of day; the date too where it is not today."""
        if at_us is None:
            return ""
        local, today = self._clock.local(at_us), self._clock.local(self._clock.now_us()).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local:%m-%d %H:%M}"

    def second(self, at_us: int) -> str:
        """The time of day to the second; the date too where it is not today."""
        return f"{self.time(at_us)}:{self._clock.local(at_us):%S}"

    def device(self, at_us: int) -> str:
        """A device's own time: its digits as they stand."""
        return f"{to_datetime(at_us):%H:%M:%S}"

    def day(self, at_us: int) -> str:
        """Date and time to the minute."""
        return self._clock.written(at_us)

    def field(self, at_us: int | None) -> str:
        """What an input for a local time holds."""
        return "" if at_us is None else f"{self._clock.local(at_us):%Y-%m-%dT%H:%M:%S}"

    def event(self, key: str) -> str:
        kind = events().get(key)
        return self.words.of(kind) if kind else key

    def patient(self, patient: Patient) -> str:
        return patient.name or patient.temporary or patient.number or self.words("nameless")

    def content(self, content: Content | None, template: Template | None = None) -> str:
        words = self.words
        match content:
            case None:
                return words("void")
            case Patient():
                return " · ".join(p for p in (self.patient(content), content.number, content.birth_date) if p)
            case Event():
                note = self._noted(content.details, events().get(content.key), content.note)
                return f"{self.time(content.at_us)} {self.event(content.key)} {note}".strip()
            case Attendance():
                until = self.time(content.out_us) if content.out_us is not None else ""
                return f"{words(f'staff.{content.role}')} {content.name} {self.time(content.in_us)} – {until}".strip()
            case Coded():
                return f"{words(f'use.{content.use}')}: {content.term.code} {words.of(content.term)}"
            case Pace():
                until = self.time(content.end_us) if content.end_us is not None else ""
                return f"{words(f'pace.{content.why}')} {self.time(content.start_us)} – {until}".strip()
            case Charted():
                return f"{number(content.value)} {display(content.unit)}"
            case Bolus():
                dose = f"{number(content.dose)} {display(content.unit)}"
                return (
                    f"{self.time(content.at_us)} {words.of(content.drug)} {dose} {content.route} {content.note}".strip()
                )
            case Infusion():
                rates = " → ".join(f"{number(r.rate)} ({self.time(r.at_us)})" for r in content.rates)
                until = f", {words('stopped')} {self.time(content.stop_us)}" if content.stop_us is not None else ""
                return f"{words.of(content.drug)} {rates} {display(content.unit)}{until}"
            case Volume():
                what = content.what or words(f"group.{content.group}")
                return f"{self.time(content.start_us)} {what} {number(content.ml)} mL {content.code}".strip()
            case Consumable():
                return (
                    f"{self.time(content.at_us)} {words.of(content.term)} × {number(content.n)} {content.lot}".strip()
                )
            case Controlled():
                numbers = {k: number(getattr(content, k)) for k in ("ampoules", "size", "given", "wasted", "empties")}
                told = words("charges.controlled_said", lot=content.lot, unit=display(content.unit), **numbers)
                return f"{self.time(content.at_us)} {words.of(content.drug)} {told}"
            case Breathing():
                return f"{self.time(content.at_us)} {words(f'breathing.{content.way}')} {content.mode}".strip()
            case Score():
                return f"{self.time(content.at_us)} {content.scale} {content.total}"
            case Answer():
                return self._answer(content, template)
            case Warming():
                until = self.time(content.end_us) if content.end_us is not None else ""
                name = words(f"warming.{content.device}")
                return f"{name} {self.time(content.start_us)} – {until}".strip()
            case Finding():
                note = self._noted(content.details, findings().get(content.key), content.note)
                return f"{words(f'finding.{content.key}')}: {words(content.value)} {note}".strip()
            case Remark():
                over = f" → {content.handover}" if content.handover else ""
                return f"{self.time(content.at_us)} {content.text}{over}"

    def _noted(self, details: Mapping[str, str], kind: EventKind | FindingKind | None, note: str) -> str:
        """What was chosen or written beside it, by its name, and the note."""
        choices = kind.details if kind else {}
        told = [
            f"{self.words(f'detail.{name}')}: {self.words(f'choice.{value}') if value in choices[name] else value}"
            if name in choices else value
            for name, value in details.items() if value
        ]  # fmt: skip
        return ", ".join([*told, note] if note else told)

    def _answer(self, answer: Answer, template: Template | None) -> str:
        field = template.field(answer.field) if template else None
        named = {o.code: self.words.of(o) for o in field.options} if field else {}
        values = answer.value if isinstance(answer.value, tuple) else (answer.value,)
        said = [
            self.words("yes" if v else "no") if isinstance(v, bool)
            else number(v) if isinstance(v, float | int) else named.get(v, v)
            for v in values
        ]  # fmt: skip
        return f"{self.words.of(field) if field else answer.field}: {', '.join(said)}"
