"""The bed's alarms as HTML: those that stand, the loudest of them, the log of those that are over. Pure, escaped.

Colours and flashing are page.css's, by IEC 60601-1-8 (clinical.md §4.1); a priority is always a word as well. What the
gateway tells of itself, and what it advises, look different from what devices alarm.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

from alarms.board import Alarm, Presence
from alarms.pcd04 import ADVISORY
from alarms.technical import SIGNAL, SINK, SITE, about
from charting.page.api import alarm_state, patient_of
from charting.page.now import Now
from charting.page.words import Lang, Words
from collector.ages import signal_names
from collector.clock import to_datetime
from collector.codes import Parameter
from collector.links import device_of
from collector.model import UNMAPPED, Priority
from collector.status import DeviceState, DeviceStatus
from collector.technical import GATEWAY

LOG_SHOWN = 50
"""Rows of the log on the page; /api/now gives all that are kept."""
MARKS: Mapping[Priority, str] = {
    Priority.HIGH: "!!!",
    Priority.MEDIUM: "!!",
    Priority.LOW: "!",
    Priority.INFORMATION: "i",
}


class AlarmView:
    """Writes alarms in one language. clock: a time of the site's zone."""

    def __init__(self, words: Words, parameters: Mapping[str, Parameter], clock: Callable[[int], str]) -> None:
        self._words = words
        self._parameters = parameters
        self._clock = clock

    def loudest(self, now: Now) -> str:
        """The strip that is always in sight: the first of the highest priority, how many more, what is unknown."""
        standing = now.alarms.standing
        unknown = [device.device for device in now.devices if alarm_state(device, now) == "unknown"]
        found = []
        if standing:
            first, more = standing[0], len(standing) - 1
            text, device = self.said(first)
            count = f"<small>+{more} {escape(self._words('more'))}</small>" if more else ""
            found.append(
                f'<p class="{self._kind(first)}">{self._priority(first.alarm.priority)}'
                f'<span class="what">{escape(text)}</span><small>{escape(device)}</small>{count}</p>'
            )
        if unknown:
            told = f"{escape(self._words('alarms_unknown'))} · {escape(', '.join(unknown))}"
            found.append(f'<p class="unknown">{told}</p>')
        quiet = "alarms_none" if now.devices else "no_devices"
        return "".join(found) or f'<p class="none">{escape(self._words(quiet))}</p>'

    def standing(self, now: Now) -> str:
        patients = {device.device: self.patient(device) for device in now.devices}
        shown = "".join(self._alarm(each, patients) for each in now.alarms.standing)
        return f"<ul>{shown}{''.join(self._quiet(device, now) for device in now.devices)}</ul>"

    def log(self, ended: Iterable[Alarm]) -> str:
        rows = "".join(self._row(one) for one in list(ended)[:LOG_SHOWN])
        if not rows:
            return f'<p class="empty">{escape(self._words("log_empty"))}</p>'
        heads = ("began", "ended", "lasted", "priority", "device", "condition", "seen")
        head = "".join(f"<th scope=col>{escape(self._words(f'log.{key}'))}</th>" for key in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def patient(self, device: DeviceStatus) -> str:
        """Name and ids of its patient as a device tells them, or that it tells none; "" while it is not received."""
        if device.state is not DeviceState.RECEIVING:
            return ""
        who = patient_of(device)
        told = [] if who is None else [who.name, *who.ids.values()]
        return f"{self._words('patient')} {' '.join(filter(None, told)) or self._words('patient.none')}"

    def latency(self, now: Now) -> str:
        """How long alarms take to the page, as it was measured (clinical.md §4.2)."""
        found = now.latency
        if found is None:
            return f"{escape(self._words('latency'))} · {escape(self._words('latency_none'))}"
        return (
            f"{escape(self._words('latency'))} p95 {found.p95_s:.1f} s · p50 {found.p50_s:.1f} s · "
            f"{escape(self._words('latency_worst'))} {found.worst_s:.1f} s · n {found.count}"
        )

    def _quiet(self, device: DeviceStatus, now: Now) -> str:
        """What is known of a device's alarms where it has none standing, and where its link does not tell it."""
        state = alarm_state(device, now)
        standing = now.alarms.standing
        told = any(each.device == GATEWAY and device_of(each.alarm.source) == device.device for each in standing)
        receives = device.state is DeviceState.RECEIVING
        if state == "standing" or (state == "unknown" and (told or receives)):
            return ""
        key = "alarms_unknown" if state == "unknown" else "alarms_none"
        return f'<li class="{state}"><b>{escape(device.device)}</b><span>{escape(self._words(key))}</span></li>'

    def _alarm(self, one: Alarm, patients: Mapping[str, str]) -> str:
        alarm, words = one.alarm, self._words
        text, device = self.said(one)
        name = self._name(one)
        more = f'<span class="name">{escape(name)}</span>' if name not in {"", text} else ""
        where = [words(f"type.{alarm.type}"), device]
        if one.presence is Presence.PRESENT and patients.get(device):  # an unknown one may be of who was there before
            where.append(patients[device])
        if alarm.device_priority:
            where.append(f"{words('device_priority')} {alarm.device_priority}")
        times = [f"{escape(words('arrived'))} {self._clock(one.told_us)}"]
        if alarm.device_time_us is not None:
            digits = f"{to_datetime(alarm.device_time_us):%H:%M:%S}"  # as the device shows them: its zone is not known
            times.insert(0, f"{escape(words('device_time'))} {digits}")
        tags = "".join(_tag(kind, text) for kind, text in self.marks(one))
        onset = self._clock(one.onset_us)
        age = f'<time class="age" data-t="{one.onset_us // 1000}">{onset}</time>'
        times.append(f"{escape(words('since'))} {onset} {escape(words('for'))} {age}")
        return (
            f'<li class="alarm {self._kind(one)}" data-device="{escape(one.device)}" '
            f'data-source="{escape(alarm.source)}" data-onset="{one.onset_us}" data-told="{one.told_us}">'
            f'{self._priority(alarm.priority)}<span class="what">{escape(text)}</span>{more}{self._seen(one)}'
            f"<small>{escape(' · '.join(where))} · {' · '.join(times)}</small>{tags}</li>"
        )

    def marks(self, one: Alarm) -> Sequence[tuple[str, str]]:
        """What has to be said beside an alarm: the kind of the mark, and its text."""
        words, marks = self._words, []
        if one.device == GATEWAY:
            marks.append(("own", words("advice" if _is_advice(one) else "own")))
            if device_of(one.alarm.source):
                marks.append(("unsure", words("alarms_unknown")))
        if one.presence is Presence.UNKNOWN:
            marks.append(("unsure", f"{words('alarm_unknown')} · {words('since')} {self._clock(one.since_us)}"))
        if one.alarm.demo:
            marks.append(("demo", words("demo")))
        return marks

    def _seen(self, one: Alarm) -> str:
        if one.seen is None:
            return f'<button type="button" class="see">{escape(self._words("see"))}</button>'
        return _tag("seen", f"{self._words('seen')} {self._clock(one.seen.at_us)}")

    def _row(self, one: Alarm) -> str:
        text, device = self.said(one)
        unknown = one.presence is Presence.UNKNOWN
        ended = self._words("log.unknown") if unknown else self._clock(one.since_us)
        lasted = "" if unknown else _span(one.since_us - one.onset_us)
        seen = "–" if one.seen is None else self._clock(one.seen.at_us)
        demo = _tag("demo", self._words("demo")) if one.alarm.demo else ""
        return (
            f'<tr class="p-{one.highest}{" own" if one.device == GATEWAY else ""}"><td>{self._clock(one.onset_us)}</td>'
            f"<td>{escape(ended)}</td><td>{lasted}</td><td>{self._priority(one.highest)}</td><td>{escape(device)}</td>"
            f"<td>{escape(text)}{demo}</td><td>{seen}</td></tr>"
        )

    def _kind(self, one: Alarm) -> str:
        """Classes: what page.css makes a look of."""
        kinds = [f"p-{one.alarm.priority}"]
        if one.device == GATEWAY:
            kinds.append("advice" if _is_advice(one) else "own")
        if one.presence is Presence.UNKNOWN:
            kinds.append("unknown")
        if one.seen is not None:
            kinds.append("is-seen")
        return " ".join(kinds)

    def _priority(self, priority: Priority) -> str:
        word = escape(self._words(f"priority.{priority}"))
        return f'<b class="pri"><i aria-hidden="true">{MARKS[priority]}</i> {word}</b>'

    def said(self, one: Alarm) -> tuple[str, str]:
        """What the alarm says and of which device; of the gateway's own, and of a refid, in the page's language."""
        words, source = self._words, one.alarm.source
        text = one.alarm.text or self._name(one) or source
        if one.device != GATEWAY:
            return words.name(self._parameters, text, source) if text in self._parameters else text, one.device
        found = about(source)
        if found is None:
            known = words.condition(source) or ("" if _is_advice(one) else self._named(one)) or text
            return known, device_of(source) or words("gateway")
        if found.kind == SIGNAL:
            zh, en = signal_names(found.name)
            name = zh if words.lang is Lang.ZH else en
            return " ".join(filter(None, (name, words.site(found.site), words("condition.signal")))), found.device
        if found.kind == SINK:
            return f"{words('condition.sink')} {found.name}", words("gateway")
        name = words.name(self._parameters, found.name, found.site)
        key = "condition.site" if found.kind == SITE else "condition.unmapped"
        return f"{name} {found.site if found.kind != SITE else ''}".strip() + f" {words(key)}", found.device

    def _name(self, one: Alarm) -> str:
        """What stands beside the text: the code's name; of the gateway's own the text in English where it says more."""
        if one.device != GATEWAY:
            return self._named(one)
        return "" if about(one.alarm.source) else one.alarm.text

    def _named(self, one: Alarm) -> str:
        alarm = one.alarm
        return "" if alarm.code == UNMAPPED else self._words.name(self._parameters, alarm.code, alarm.source)


def _is_advice(one: Alarm) -> bool:
    return one.device == GATEWAY and one.alarm.source.startswith(ADVISORY)


def _tag(kind: str, text: str) -> str:
    return f'<span class="tag {kind}">{escape(text)}</span>'


def _span(us: int) -> str:
    seconds = max(0, us) // 1_000_000
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"
