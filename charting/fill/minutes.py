"""A signal by minute: the median of the valid readings of the source that counts, and what was left out. Pure."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from alarms.temperature import Circumstances, Core, Limits, Screened, by_minute, differing, screen, site_of
from charting.fill.plan import Spans
from charting.fill.rules import Action, names, rules
from charting.fill.signals import Signal
from charting.fill.streams import MINUTE_US, Stream, medians

NONE = -1


@dataclass(slots=True, kw_only=True, eq=False)
class Minutes:
    """Arrays of shape (n,), minute `first` + i of 1970.

    source: which of `streams` counts, NONE where none has a valid reading; value: its median; count: of how many;
    doubt: number of a rule that doubts most of them, 0 for none; demo; told: a device has sent a number, valid or not;
    dropped: minute → rule → readings left out, of the sources that would have counted before the one that does.
    `classes`: of each stream.
    """

    signal: Signal
    first: int
    streams: Sequence[Stream]
    classes: Sequence[str]
    source: NDArray[np.int64]
    value: NDArray[np.float64]
    count: NDArray[np.int64]
    doubt: NDArray[np.int16]
    demo: NDArray[np.bool_]
    told: NDArray[np.bool_]
    dropped: dict[int, Counter[str]] = field(default_factory=dict)

    @property
    def valid(self) -> NDArray[np.bool_]:
        return np.asarray(self.source != NONE)

    def readings(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Times and values of the valid readings of the sources that count, in order of time."""
        times, values = [], []
        for i in np.unique(self.source[self.valid]).tolist():
            stream = self.streams[i]
            minute = stream.time_us // MINUTE_US - self.first
            kept = stream.valid & (minute >= 0) & (minute < self.source.size)
            kept[kept] = self.source[minute[kept]] == i
            times.append(stream.time_us[kept])
            values.append(stream.value[kept])
        if not times:
            return np.empty(0, dtype=np.int64), np.empty(0)
        time_us, value = np.concatenate(times), np.concatenate(values)
        order = np.argsort(time_us, kind="stable")
        return time_us[order], value[order]


def by_source(signal: Signal, streams: Sequence[tuple[str, Stream]], first: int, n: int) -> Minutes:
    """Minutes of a continuous signal; in each the first source that has a valid reading counts."""
    out = _empty(signal, streams, first, n)
    for i, stream in enumerate(out.streams):
        minute = stream.time_us // MINUTE_US - first
        inside = (minute >= 0) & (minute < n)
        kept = stream.valid & inside
        value, count = medians(minute[kept], stream.value[kept], n)
        _leave_out(out, stream, minute, inside)
        new = (count > 0) & ~out.valid
        if new.any():
            out.source[new], out.value[new], out.count[new] = i, value[new], count[new]
            out.doubt[new] = _doubts(stream, minute, kept, count)[new]
            out.demo[new] = (np.bincount(minute[kept & stream.demo], minlength=n) > 0)[new]
    return out


def _empty(signal: Signal, streams: Sequence[tuple[str, Stream]], first: int, n: int) -> Minutes:
    return Minutes(
        signal=signal,
        first=first,
        streams=[stream for _, stream in streams],
        classes=[name for name, _ in streams],
        source=np.full(n, NONE),
        value=np.full(n, np.nan),
        count=np.zeros(n, dtype=np.int64),
        doubt=np.zeros(n, dtype=np.int16),
        demo=np.zeros(n, dtype=bool),
        told=np.zeros(n, dtype=bool),
    )


def _leave_out(out: Minutes, stream: Stream, minute: NDArray[np.int64], inside: NDArray[np.bool_]) -> None:
    number = inside & ~np.isnan(stream.value)
    out.told[minute[number]] = True
    lost = np.flatnonzero(number & ~stream.valid)
    for at, rule in zip(minute[lost].tolist(), stream.dropped[lost].tolist(), strict=True):
        if out.source[at] == NONE:
            out.dropped.setdefault(at, Counter())[names()[rule]] += 1


def _doubts(
    stream: Stream, minute: NDArray[np.int64], kept: NDArray[np.bool_], count: NDArray[np.int64]
) -> NDArray[np.int16]:
    """By minute the rule that doubts at least half of its readings; one that holds goes before one that marks."""
    out = np.zeros(count.size, dtype=np.int16)
    told = np.unique(stream.doubted[kept])
    for number in sorted(told[told > 0].tolist(), key=lambda i: rules()[names()[i]].action is Action.HOLD):
        doubtful = np.bincount(minute[kept & (stream.doubted == number)], minlength=count.size)
        out[(count > 0) & (2 * doubtful >= count)] = number
    return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Probe:
    """A temperature's stream, screened."""

    stream: Stream
    screened: Screened
    rank: tuple[int, str, str, str]


def probes(
    streams: Sequence[Stream], room: Mapping[int, float], *, cooled: Spans, ends_us: tuple[int, ...], limits: Limits
) -> list[Probe]:
    """All temperatures of the body, best site first, each judged with the others beside it."""
    sited = [(stream, site) for stream in streams if (site := site_of(stream.code, stream.site)) is not None]
    plain = Circumstances(cooled=cooled)
    raw = [by_minute(screen(s.time_us, s.value, s.valid, site, plain, limits)) for s, site in sited]
    skin = next((r for r, (_, site) in zip(raw, sited, strict=True) if site.name == "skin"), {})
    found = []
    for i, (stream, site) in enumerate(sited):
        if not site.is_body:
            continue
        screened = screen(
            stream.time_us,
            stream.value,
            stream.valid,
            site,
            Circumstances(
                cooled=cooled, ends_us=ends_us, room=room, skin=skin, others=[r for j, r in enumerate(raw) if j != i]
            ),
            limits,
        )
        if site.core is not Core.UNKNOWN:
            stream.site = site.name
        rank = (site.rank, stream.code, stream.device, stream.source)
        found.append(Probe(stream=stream, screened=screened, rank=rank))
    found.sort(key=lambda p: p.rank)
    if len(found) > 1:
        far = differing(found[0].screened, found[1].screened)
        found[0].screened.flagged[far & (found[0].screened.flagged == "")] = "temp.differs"
    return found


def by_site(signal: Signal, found: Sequence[Probe], place: int, first: int, n: int) -> Minutes:
    """Minutes of a temperature: of the best site that has a valid one (place 0), or of the second best (place 1).

    One outside 32–40 °C, and right otherwise, counts where no site has another; it is held.
    """
    out = _empty(signal, [("body", probe.stream) for probe in found], first, n)
    taken = np.zeros(n, dtype=np.int64)
    held = rules()["temp.qc_range"].number
    for wanted in ("", "temp.qc_range"):
        for i, probe in enumerate(found):
            one = probe.screened
            at = one.minute_us // MINUTE_US - first
            inside = (at >= 0) & (at < n)
            good = inside & (one.excluded == wanted) & ~np.isnan(one.value)
            minute = at[good]
            now = taken[minute] == place
            taken[minute] += 1
            rows, minute = np.flatnonzero(good)[now], minute[now]
            out.source[minute], out.value[minute], out.count[minute] = i, one.value[rows], one.count[rows]
            flags = [rules()[name].number if name else 0 for name in one.flagged[rows].tolist()]
            out.doubt[minute] = held if wanted else np.array(flags, dtype=np.int16)
    for i, probe in enumerate(found):
        _leave_out_minutes(out, i, probe)
    return out


def _leave_out_minutes(out: Minutes, i: int, probe: Probe) -> None:
    n = out.source.size
    minute = probe.stream.time_us // MINUTE_US - out.first
    number = (minute >= 0) & (minute < n) & ~np.isnan(probe.stream.value)
    sent = np.bincount(minute[number], minlength=n)
    out.told |= sent > 0
    demo = np.bincount(minute[number & probe.stream.demo], minlength=n) > 0
    out.demo |= demo & (out.source == i)
    one = probe.screened
    at = one.minute_us // MINUTE_US - out.first
    inside = (at >= 0) & (at < n) & (one.excluded != "") & (one.excluded != "temp.qc_range")
    for where, rule in zip(at[inside].tolist(), one.excluded[inside].tolist(), strict=True):
        if sent[where] and (out.source[where] == NONE or out.source[where] > i):
            said = probe.stream.dropped[number & (minute == where)].max() if rule == "temp.device" else 0
            out.dropped.setdefault(where, Counter())[names()[said] or rule] += int(sent[where])
