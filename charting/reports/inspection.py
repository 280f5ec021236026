"""An inspection report as sections of tables, in zh or en: what page, paper and terminal show. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from charting.case.clock import local
from charting.inspection.findings import Finding, cause
from charting.inspection.measured import Device, Gateway
from charting.inspection.report import Report
from charting.inspection.spans import Tally
from charting.inspection.words import said
from charting.reports.canvas import Chart
from charting.reports.inspection_charts import disks, uptime
from collector.links import device_of

NONE = "–"
MIB, GIB = 2.0**20, 2.0**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """`widths`: of its columns, as shares. `numeric`: columns that stand to the right."""

    titles: Sequence[str]
    widths: Sequence[float]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    key: str
    title: str
    notes: Sequence[str] = ()
    tables: Sequence[Table] = ()
    charts: Sequence[Chart] = ()


class Teller:
    """The words and numbers of one report in one language."""

    def __init__(self, report: Report, lang: str) -> None:
        self.report = report
        self.lang = lang

    def __call__(self, key: str, **params: object) -> str:
        return said(key, self.lang, **params)

    @property
    def title(self) -> str:
        return f"{self(f'kind.{self.report.kind}')} {self.report.period.name}"

    def moment(self, at_us: int | None) -> str:
        return NONE if at_us is None else f"{local(at_us, self.report.zone):%Y-%m-%d %H:%M}"

    def day(self, at_us: int | None) -> str:
        return NONE if at_us is None else f"{local(at_us, self.report.zone):%Y-%m-%d}"

    def lasting(self, tally: Tally) -> str:
        """How often, and how long in all."""
        return f"{tally.times}× {self.time(tally.total_s)}" if tally.times else "0"

    def time(self, seconds: float | None) -> str:
        if seconds is None:
            return NONE
        for least, unit, digits in ((2 * 86_400.0, "d", 1), (3 * 3_600.0, "h", 1), (60.0, "min", 0), (0.0, "s", 0)):
            if seconds >= least:
                size = {"d": 86_400.0, "h": 3_600.0, "min": 60.0, "s": 1.0}[unit]
                return f"{seconds / size:.{digits}f} {self(f'unit.{unit}')}"
        return f"{seconds:.0f} s"

    def up(self, share: float | None) -> str:
        """Rounded down: what was down for a moment was not always up."""
        return NONE if share is None else f"{floor(share * 1e5) / 1e5:.3%}"

    def where(self, finding: Finding) -> str:
        return finding.bed or self("site_wide")

    def facts(self) -> Sequence[tuple[str, str]]:
        """What the report is of, and how it was made."""
        told, period = self.report, self.report.period
        shares = [g.share for g in told.measured.gateways if g.share is not None]
        counts = ", ".join(
            f"{self(f'severity.{severity}')} {sum(f.severity == severity for f in told.findings)}"
            for severity in ("high", "medium", "low")
        )
        facts = [
            (self("period"), f"{self.moment(period.start_us)} – {self.moment(period.end_us - 1)}  ({told.zone})"),
            (self("made"), f"{self.moment(told.made_us)}; vitalsd {told.program}, {self('rules')} {told.rules}"),
            (self("found"), f"{len(told.findings)} ({counts})"),
        ]
        if told.kind == "inspection":
            up = self.up(sum(shares) / len(shares) if shares else None)
            facts.insert(2, (self("beds"), f"{len(told.measured.gateways)}; {self('share')} {up}"))
        return facts


def sections(report: Report, lang: str) -> Sequence[Section]:
    """The findings first, what was not measured last."""
    tell = Teller(report, lang)
    whole = (_gateways, _keeping, _devices, _servers, _versions) if report.kind == "inspection" else ()
    rest = (_backups, _faults) if report.kind == "inspection" else ()
    made = [_findings(tell), *(each(tell) for each in whole), _database(tell), *(each(tell) for each in rest)]
    return [*made, _unmeasured(tell)]


def _section(tell: Teller, key: str, tables: Sequence[Table], **more: Sequence[str] | Sequence[Chart]) -> Section:
    return Section(key=key, title=tell(f"section.{key}"), tables=[t for t in tables if t.rows], **more)  # type: ignore[arg-type]


def _table(tell: Teller, columns: str, widths: Sequence[float], rows: Sequence[Sequence[str]], text: int = 1) -> Table:
    """`columns`: keys of words.csv, with spaces. `text`: how many of them are texts; the others are numbers."""
    titles = [tell(f"column.{key}") for key in columns.split()]
    return Table(titles=titles, widths=widths, rows=rows, numeric=frozenset(range(text, len(titles))))


def _findings(tell: Teller) -> Section:
    rows = [
        [str(n), tell(f"severity.{f.severity}"), tell.where(f), f.text[tell.lang], f.advice[tell.lang]]
        for n, f in enumerate(tell.report.findings, 1)
    ]
    notes = [] if rows else [tell("nothing_found")]
    return _section(tell, "findings", [_table(tell, "number severity where finding advice", (0.4, 0.7, 1.2, 5, 4.4),
                                              rows, text=5)], notes=notes)  # fmt: skip


def _gateways(tell: Teller) -> Section:
    gateways = tell.report.measured.gateways
    rows = [_gateway(tell, gateway) for gateway in gateways]
    columns = "bed share down longest silent starts version memory processor disk full_in"
    charts = [chart for chart in (uptime(tell.report, tell.lang), disks(tell.report, tell.lang)) if chart is not None]
    return _section(
        tell,
        "gateways",
        [_table(tell, columns, (1.3, 1, 1.3, 0.9, 1.2, 0.8, 1, 1.2, 1, 1.6, 0.9), rows)],
        notes=[tell("share_read")],
        charts=charts,
    )


def _gateway(tell: Teller, g: Gateway) -> Sequence[str]:
    disk = g.disk
    return [
        g.bed,
        tell.up(g.share),
        tell.lasting(g.down) if g.share is not None else NONE,
        tell.time(g.down.longest_s) if g.down.times else NONE,
        tell.lasting(g.silent) if g.share is not None else NONE,
        str(g.starts.times) if g.share is not None else NONE,
        g.version or NONE,
        NONE if g.memory is None else f"{g.memory.last / MIB:.0f} MiB",
        NONE if g.processor is None else f"{g.processor.last:.0f} %",
        NONE if disk is None else f"{disk.lowest / GIB:.1f} / {disk.size / GIB:.1f} GiB",
        NONE if disk is None or disk.full_in_days is None else f"{disk.full_in_days:.0f} {tell('unit.d')}",
    ]


def _keeping(tell: Teller) -> Section:
    rows = []
    for g in tell.report.measured.gateways:
        journal, clock = g.journal, g.clock
        if g.share is None:
            rows.append([g.bed, *[NONE] * 10])
            continue
        rows.append([
            g.bed,
            NONE if journal.largest_bytes is None else f"{journal.largest_bytes / MIB:.0f} MiB",
            NONE if journal.pending is None else f"{journal.pending:,.0f}",
            tell.time(journal.oldest_s),
            *(tell.lasting(tally) for tally in (journal.unsaved, journal.nearly_full, journal.full)),
            tell.lasting(clock.unsynchronised),
            f"{clock.steps}" + (f" ({clock.largest_step_s:.1f} s)" if clock.steps else ""),
            NONE if clock.error_s is None else f"{clock.error_s * 1000:.0f} ms",
            NONE if clock.drift_ppm is None else f"{clock.drift_ppm:+.1f} ppm",
        ])  # fmt: skip
    columns = "bed journal pending oldest unsaved nearly_full full unsynchronised steps error drift"
    return _section(tell, "keeping", [_table(tell, columns, (1.3, 1, 1, 1, 1, 1, 1, 1.2, 1.1, 1, 1), rows)])


def _devices(tell: Teller) -> Section:
    devices = tell.report.measured.devices
    what = [
        [d.bed, d.device, " ".join(filter(None, (d.manufacturer, d.model))) or NONE, d.serial or NONE,
         d.software or NONE, _gaps(tell, d)]
        for d in devices
    ]  # fmt: skip
    counts = [
        [
            d.bed,
            d.device,
            tell.lasting(d.lost),
            f"{d.missed} / {d.cases}",
            _count(d.frames),
            _count(d.rejected) + (f" ({d.rejected / (d.rejected + (d.frames or 0)):.2%})" if d.rejected else ""),
            NONE if d.rejected_bytes is None else f"{d.rejected_bytes / 1024:,.0f} KiB",
            _count(d.restarts),
            NONE if d.offset_s is None else f"{d.offset_s:+.0f} s",
        ]
        for d in devices
    ]
    numbers = "bed device lost missed frames rejected rejected_bytes restarts offset"
    return _section(
        tell,
        "devices",
        [
            _table(tell, "bed device model serial software gaps", (1, 1.1, 2, 1.3, 1, 3.6), what, text=6),
            _table(tell, numbers, (1, 1.1, 1.3, 1, 1.2, 1.5, 1.1, 0.9, 1), counts, text=2),
        ],
        notes=[tell("gaps_read")],
    )


def _gaps(tell: Teller, device: Device) -> str:
    told = [f"{cause(gap.cause, tell.lang)} {tell.lasting(gap.tally)}" for gap in device.gaps]
    return "; ".join(told) or NONE


def _servers(tell: Teller) -> Section:
    measured = tell.report.measured
    lost = [
        [o.sink, tell.moment(o.start_us), tell.moment(o.end_us), tell.time((o.end_us - o.start_us) / 1e6), str(o.beds)]
        for o in measured.outages
    ]
    alone = [
        [g.bed, each.sink, tell.lasting(each.alone), tell.time(each.alone.longest_s)]
        for g in measured.gateways for each in g.unreached if each.alone.times
    ]  # fmt: skip
    tables = [
        _table(tell, "sink from to lasting beds", (2, 2, 2, 1.4, 1), lost, text=3),
        _table(tell, "bed sink alone longest", (2, 2, 2, 1.4), alone, text=2),
    ]
    return _section(tell, "servers", tables, notes=[] if lost or alone else [tell("always_reached")])


def _versions(tell: Teller) -> Section:
    measured = tell.report.measured
    runs = [[v.version, ", ".join(v.beds), tell.moment(v.first_us), tell.moment(v.last_us)] for v in measured.versions]
    pages = [[p.version, str(p.browsers), tell.moment(p.seen_us)] for p in measured.pages]
    ends = [[c.name, tell.day(c.until_us)] for c in measured.certificates]
    return _section(
        tell,
        "versions",
        [
            _table(tell, "version beds first last", (1, 5, 1.6, 1.6), runs, text=4),
            _table(tell, "page_version browsers seen", (3, 1, 2), pages),
            _table(tell, "certificate until", (4, 2), ends, text=2),
        ],
        notes=[tell("skew", time=tell.lasting(measured.skew))],
    )


def _database(tell: Teller) -> Section:
    d = tell.report.measured.database
    if d is None:
        return _section(tell, "database", [])
    facts = [
        [tell("database.edition"), f"{tell(f'edition.{d.edition}')} {d.version}"],
        [tell("database.size"), _bytes(d.size_bytes)],
        [tell("database.grown"), NONE if d.grown_per_day is None else f"{_bytes(d.grown_per_day)} / {tell('unit.d')}"],
        [tell("database.found"), NONE if d.found is None else f"{d.found:.2%}"],
        [tell("database.connections"), NONE if d.connections is None else f"{d.connections} / {d.most_connections}"],
        [tell("database.age"), NONE if d.age is None else f"{d.age:,} / {d.most_age:,}"],
        [tell("database.parked"), str(d.parked)],
    ]
    chunks = [
        [h.name, _bytes(h.size_bytes), str(h.chunks), str(h.compressed) if h.compresses else NONE]
        for h in d.hypertables
    ]
    tables = [
        [t.name, _bytes(t.table_bytes), _bytes(t.index_bytes), f"{t.rows:,}", _share(t.dead, t.rows + t.dead),
         f"{t.sequential:,}", f"{t.by_index:,}", tell.day(t.vacuumed_us)]
        for t in d.tables[:_TABLES]
    ]  # fmt: skip
    slow = [[s.text, f"{s.calls:,}", f"{s.mean_ms:,.0f} ms", tell.time(s.total_ms / 1000)] for s in d.statements or ()]
    usage = "table table_bytes index_bytes rows dead sequential by_index vacuumed"
    return _section(
        tell,
        "database",
        [
            _table(tell, "fact value", (2, 5), facts, text=2),
            _table(tell, "hypertable size chunks compressed", (3, 1.4, 1, 1.4), chunks),
            _table(tell, usage, (2.4, 1.2, 1.2, 1.3, 0.9, 1.2, 1.3, 1.3), tables),
            _table(tell, "statement calls mean total", (6, 1, 1.2, 1.2), slow),
        ],
        notes=[tell("database.now", at=tell.moment(tell.report.made_us))],
    )


_TABLES = 15
"""The largest; the others are small."""


def _backups(tell: Teller) -> Section:
    measured = tell.report.measured
    rows = [
        [tell(f"runs.{name}"), str(r.times), str(r.failed), tell.moment(r.last_ok_us),
         NONE if r.last_bytes is None else _bytes(r.last_bytes), tell.time(r.without_s)]
        for name, r in (("backup", measured.backups), ("restore_test", measured.restores)) if r is not None
    ]  # fmt: skip
    return _section(
        tell, "backups", [_table(tell, "runs times failed last_ok size without", (2, 1, 1, 1.8, 1.2, 1.6), rows)]
    )


def _faults(tell: Teller) -> Section:
    rows = [
        [
            f.bed,
            device_of(f.source) or f.device,
            cause(f.code, tell.lang) if f.code.startswith("VND_VITALSD") else f.text or f.code,
            tell(f"priority.{f.priority}"),
            tell.moment(f.since_us),
        ]
        for f in tell.report.measured.faults
    ]
    notes = [] if rows else [tell("no_faults")]
    return _section(
        tell, "faults", [_table(tell, "bed device condition priority since", (1, 1.2, 4, 1, 1.6), rows, text=5)],
        notes=notes,
    )  # fmt: skip


def _unmeasured(tell: Teller) -> Section:
    rows = [[tell(f"unmeasured.{each.key}"), each.about or NONE] for each in tell.report.unmeasured]
    notes = [] if rows else [tell("all_measured")]
    return _section(tell, "unmeasured", [_table(tell, "unmeasured about", (5, 4), rows, text=2)], notes=notes)


def _bytes(size: float) -> str:
    for unit, least in (("GiB", GIB), ("MiB", MIB), ("KiB", 1024.0)):
        if abs(size) >= least:
            return f"{size / least:,.1f} {unit}"
    return f"{size:.0f} B"


def _count(number: float | None) -> str:
    return NONE if number is None else f"{number:,.0f}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else NONE
