"""The rule once more, in plain loops straight from clinical.md §2.2 and §2.4: slow, and written from the text alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

Minutes = dict[int, float]
SETTLES = {"zero_heat_flux": 20, "mouth": 20, "axilla": 20}
RANKS = (
    "pulmonary_artery", "oesophagus", "nasopharynx", "tympanic", "core", "bladder", "rectum", "zero_heat_flux", "mouth",
    "axilla",
)  # fmt: skip
CORE = RANKS[:5]
HAIR = 1e-6


@dataclass(kw_only=True)
class Probe:
    """`readings`: second → value, None where the device doubts it."""

    site: str
    spot: bool
    readings: Sequence[tuple[int, float | None]]
    excluded: dict[int, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class Told:
    outcome: str
    rule: str
    longest: float
    series: Minutes
    spots: list[tuple[int, float]]
    excluded: list[dict[int, str]]


def judged(
    probes: Sequence[Probe], start: int, end: int, cooled: Sequence[tuple[int, int]], ends: Sequence[int], room: Minutes
) -> Told:
    """Seconds in, the window and everything else in whole minutes."""
    valid = [spots(p, cooled) if p.spot else minutes(p, cooled, ends, room) for p in probes]
    order = sorted(range(len(probes)), key=lambda i: RANKS.index(probes[i].site) if probes[i].site in RANKS else 99)
    raw: Minutes = {}
    whose: dict[int, int] = {}
    by_hand: dict[int, float] = {}
    best = 99
    for i in order:
        if probes[i].site not in RANKS:
            continue
        if probes[i].spot:
            taken = {s // 60 for s in by_hand}
            new = {s: v for s, v in valid[i].items() if start <= s // 60 < end and s // 60 not in taken}
            best = min(best, RANKS.index(probes[i].site)) if new else best
            by_hand.update(new)
        else:
            new = {m: v for m, v in valid[i].items() if start <= m < end and m not in raw}
            whose.update(dict.fromkeys(new, i))
            raw.update(new)
    series = smooth(raw)
    readings = sorted(by_hand.items())
    beside = [(m * 60, v) for m, v in series.items() if v >= 36.0 and RANKS.index(probes[whose[m]].site) <= best]
    one = longest(series)
    other = longest_by_hand(sorted([*readings, *beside], key=lambda r: (r[0], r[1]))) if readings else -1.0
    unmapped = any(p.site == "unknown" and any(start <= (m // 60 if p.spot else m) < end for m in v)
                   for p, v in zip(probes, valid, strict=True))  # fmt: skip
    if not series and not readings:
        outcome, rule, run = "unmapped" if unmapped else "unmonitored", "unknown", -1.0
    elif one >= 30 or other >= 30:
        outcome, rule, run = "event", *(("continuous", one) if one >= 30 else ("spot", other))
    else:
        enough = len(series) >= 30 or (len(readings) > 1 and readings[-1][0] // 60 - readings[0][0] // 60 >= 29)
        rule = "continuous" if series and (one >= other or not readings) else "spot"
        outcome, run = "no_event" if enough else "indeterminate", max(one, other)
    return Told(
        outcome=outcome, rule=rule, longest=run, series=series, spots=readings, excluded=[p.excluded for p in probes]
    )


def smooth(raw: Minutes) -> Minutes:
    """Step 2, with step 6's "fewer than 3 bins"."""
    out = {}
    for m in sorted(raw):
        around = [raw[k] for k in range(m - 2, m + 3) if k in raw]
        out[m] = median(around) if len(around) >= 3 else raw[m]
    return out


def longest(series: Minutes, threshold: float = 36.0) -> float:
    """Step 3; −1: no bin is low."""
    best, start, last = -1, None, None
    for m in sorted(series):
        if series[m] >= threshold:
            start = None
            continue
        if start is None or last is None or m - last - 1 > 5:
            start = m
        last = m
        best = max(best, m - start + 1)
    return float(best)


def longest_by_hand(readings: Sequence[tuple[int, float]]) -> float:
    """Step 4, in min."""
    best, start = -1.0, None
    for second, value in readings:
        if value >= 36.0:
            start = None
            continue
        start = second if start is None else start
        best = max(best, (second - start) / 60)
    return best


def celsius(value: float) -> float:
    return round((value - 32) / 1.8 if 80 <= value <= 115 else value, 6)


def is_cooled(minute: int, cooled: Sequence[tuple[int, int]]) -> bool:
    return any(a <= minute < b for a, b in cooled)


def ingested(value: float, cool: bool) -> bool:
    """Steps 1, 2 and 9."""
    return (15.0 if cool else 25.0) <= celsius(value) <= 45.0


def in_range(value: float, cool: bool) -> bool:
    """Step 3."""
    return (15.0 <= value <= 42.0) if cool else (32.0 <= value <= 40.0)


def spots(probe: Probe, cooled: Sequence[tuple[int, int]]) -> dict[int, float]:
    out = {}
    for second, value in probe.readings:
        cool = is_cooled(second // 60, cooled)
        if value is not None and ingested(value, cool) and in_range(celsius(value), cool):
            out[second] = celsius(value)
    return out


def minutes(probe: Probe, cooled: Sequence[tuple[int, int]], ends: Sequence[int], room: Minutes) -> Minutes:
    """Steps 1 to 7, one after the other; each minute's reason stands in `probe.excluded`, the last one that applies."""
    bins: dict[int, list[float]] = {}
    for second, told in probe.readings:
        if told is not None and ingested(told, is_cooled(second // 60, cooled)):
            bins.setdefault(second // 60, []).append(celsius(told))
    value = {m: median(bins[m]) for m in sorted(bins)}
    why = probe.excluded
    for m, v in value.items():
        if not in_range(v, is_cooled(m, cooled)):
            why[m] = "temp.qc_range"
    warming = warming_up(value, cooled, SETTLES.get(probe.site, 10))
    later = [
        ("temp.warm_up", warming),
        ("temp.probe_out", {m for m in out(value, warming) if not is_cooled(m, cooled)}),
        ("temp.probe_out", {m for m, v in value.items() if m in room and abs(v - room[m]) <= 2.0 + HAIR}),
        *(("temp.end_trim", trimmed(value, end)) for end in ends),
    ]
    for rule, found in later:
        for m in found:
            if why.get(m, "") in ("", "temp.warm_up", "temp.qc_range"):
                why[m] = rule
    return {m: v for m, v in value.items() if m not in why}


def warming_up(value: Minutes, cooled: Sequence[tuple[int, int]], cap: int) -> set[int]:
    """Steps 4 and 5."""
    found: set[int] = set()
    start, settled = 0, True
    before: int | None = None
    for m, v in value.items():
        hole = before is None or m - before - 1 > 5
        jumped = before is not None and abs(v - value[before]) > 0.5 + HAIR and not is_cooled(m, cooled)
        if hole or jumped:
            start, settled = m, False
        if not settled:
            earlier = [k for k in value if start <= k <= m - 3]
            first = earlier[-1] if earlier else start
            slope = abs(v - value[first]) / (m - first) if m > first else 1e9
            settled = m - start >= cap or (m - start >= 3 and slope < 0.1 - HAIR)
        if not settled:
            found.add(m)
        before = m
    return found


def out(value: Minutes, warming: set[int]) -> set[int]:
    """Step 6: falling all the time, over 1 °C within 3 min; from the knee until it is back, or may be a patient's.

    A fall that only undoes a step up, 30 min before it at most, of what had settled, is none; one that goes deeper
    began before that step. But where the probe was out before the step by a fall of these other kinds, it is one.
    """
    found: set[int] = set()
    alone: set[int] = set()
    order = list(value)
    for i, m in enumerate(order):
        k = i
        while k > 0 and value[order[k - 1]] >= value[order[k]] and m - order[k - 1] <= 3:
            k -= 1
            if value[order[k]] - value[m] > 1.0 + HAIR:
                break
        if value[order[k]] - value[m] <= 1.0 + HAIR:
            continue
        while (
            k > 0
            and m - order[k - 1] <= 10
            and value[order[k - 1]] - value[order[k]] > 0.1 * (order[k] - order[k - 1]) + HAIR
        ):
            k -= 1
        steady = [j for j in range(k) if order[j] not in warming] if order[k] in warming else []
        j = steady[-1] if steady else k
        if value[order[min(j + 1, i)]] - value[order[j]] <= 0.5 + HAIR or order[k] - order[j] > 30:
            j = k
        if j == k or value[order[j]] - value[m] > 1.0 + HAIR:
            alone |= {*order[j + 1 : i + 1], *away(value, order[i + 1 :], order[j], 1.0)}
        if j != k and order[j] in alone:
            found |= {*order[k + 1 : i + 1], *away(value, order[i + 1 :], order[k], 1.0)}
    return found | alone


def away(value: Minutes, after: Sequence[int], knee: int, within: float) -> set[int]:
    gone: set[int] = set()
    for m in after:
        if value[m] >= value[knee] - within - HAIR or (m - knee > 60 and value[m] >= 36.0):
            break
        gone.add(m)
    return gone


def trimmed(value: Minutes, end: int) -> set[int]:
    """Step 7."""
    last = [m for m in value if end - 10 <= m < end]
    for knee in last:
        rest = [m for m in last if m > knee]
        soon = [m for m in rest if m - knee <= 3]
        if not soon or any(value[m] >= value[knee] for m in rest):
            continue
        bottom = min(soon, key=lambda m: value[m])
        if any(value[knee] - value[m] <= 0.3 + HAIR for m in rest if m >= bottom):
            continue
        after: list[int] = []
        before = rest[-1]
        for m in value:
            if m > rest[-1]:
                if m - before - 1 > 5:
                    break
                after.append(m)
                before = m
        return {*rest, *away(value, after, knee, 0.3)}
    return set()


def auc36(series: Mapping[int, float]) -> float:
    """°C·h."""
    return sum(max(0.0, 36.0 - v) for v in series.values()) / 60
