"""Three hours of a simulated anaesthetic, from the devices' bytes to the record's cells, against what is known of it.

The truth is drivers.anaesthetic: what the body did, and which spells of trouble lay between it and the devices.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from charting.fill.fill import BedData, Filling, Plan, codes, fill
from charting.fill.types import Cause, Cell, CellState
from collector.journal import Journal, JournalReader
from collector.rehearsal import Cut, Placed, live
from drivers.anaesthetic import ANAESTHETIC, KNOTS, MARKS
from drivers.patient import Patient, Vitals
from drivers.troubles import Spell, Trouble
from tests.system.filled import Filled
from tests.system.rehearsed import rehearsed

pytestmark = pytest.mark.timeout(600)

T0_US = 1_795_500_000_000_000  # a mark of the grid
SECONDS = 10_800
STEP_S, BEFORE_S, AFTER_S = 300, 180, 120
"""A cell is of the minutes from m − 3 to m + 2: their middles lie in [m − 2.5, m + 2.5) (clinical.md §3.2)."""
NETWORK = Cut(device="monitor", start_s=9000.0, end_s=9720.0)
LATE = (6000, 6720)
"""Nothing of the bed reaches the server meanwhile, s; all of it does so afterwards."""
TUBES = {"t_tube_in": "intubation", "t_tube_out": "extubation"}
MMHG_PER_PERCENT = 7.13
PRESSURES = ("abp_sys", "abp_dia", "abp_mean")
CUFF = ("nibp_sys", "nibp_dia", "nibp_mean")
VENTILATION = ("ppeak", "vt")
SIGNALS = ("hr", "pulse", "spo2", "rr", "etco2", "temp", *PRESSURES, *CUFF, *VENTILATION)
FIELDS = {
    "hr": "heart_rate_per_min",
    "pulse": "heart_rate_per_min",
    "spo2": "spo2_pct",
    "abp_sys": "art_sys_mmhg",
    "abp_dia": "art_dia_mmhg",
    "abp_mean": "art_mean_mmhg",
    "etco2": "etco2_pct",
    "rr": "airway_rate_per_min",
    "ppeak": "peak_pressure_cmh2o",
    "vt": "tidal_volume_ml",
}
RULES = {
    Trouble.FLUSH: (PRESSURES, "abp.flush"),
    Trouble.ZERO: (PRESSURES, "abp.zeroed"),
    Trouble.DIATHERMY: (("hr",), "hr.diathermy"),
    Trouble.SPO2_DROP: (("spo2",), "spo2.drop"),
    Trouble.PROBE_OUT: (("temp",), "temp.probe_out"),
}
"""What each trouble's readings are left out by, of which signals."""


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JournalReader]:
    machine = {"waves": (), "poll_s": 5.0, "only": {"24": ("7D", "74", "78", "82", "88", "B9")}}

    def anaesthetic(journal: Journal) -> None:
        live(
            journal,
            "OR",
            patient=Patient("anaesthetic"),
            start_us=T0_US,
            seconds=SECONDS,
            devices=[
                ("monitor", "philips-intellivue"),
                Placed(name="machine", driver="draeger-medibus", options=machine),
            ],
            cuts=[NETWORK],
        )

    with rehearsed(tmp_path_factory, "anaesthetic", anaesthetic) as reader:
        yield reader


@pytest.fixture(scope="module")
def record(journal: JournalReader) -> Filled:
    """The same anaesthetic in the record of a case, which was closed at its end; looked at each minute, live."""
    filled = Filled(
        journal, "OR", area="or", template="anaesthesia_record", start_us=T0_US, cut=(at(LATE[0]), at(LATE[1]))
    )
    for second in range(60, SECONDS + 1, 60):
        filled.look(at(second))
        for key, name in TUBES.items():
            if second - 60 < MARKS[name] <= second:
                filled.event(key, at(MARKS[name]))
        if second == LATE[0] + 600:
            filled.during = {signal: filled.gaps(signal) for signal in SIGNALS}
    filled.end(at(SECONDS))
    return filled


@pytest.fixture(scope="module")
def pure(journal: JournalReader) -> Filling:
    end_us = at(SECONDS)
    data = BedData(
        points=journal.points("OR", codes(SIGNALS), T0_US, end_us),
        conditions=journal.conditions("OR", T0_US, end_us),
    )
    events = {key: at(MARKS[name]) for key, name in TUBES.items()}
    return fill(data, Plan(signals=SIGNALS, start_us=T0_US, end_us=end_us, events=events), T0_US, end_us + 1)


@pytest.fixture(scope="module", params=["pure", "record"])
def filling(request: pytest.FixtureRequest) -> Filling:
    """What pure filling makes of the whole, and what stands in the record."""
    found: Filling | Filled = request.getfixturevalue(request.param)
    return found.filling() if isinstance(found, Filled) else found


def at(time_s: float) -> int:
    return T0_US + round(time_s * 1_000_000)


def cells_of(filling: Filling, signal: str) -> Mapping[int, Cell]:
    """By mark, in s."""
    return {(c.mark_us - T0_US) // 1_000_000: c for c in filling.cells if c.signal == signal}


def spells(*troubles: Trouble) -> Sequence[Spell]:
    return [spell for spell in ANAESTHETIC if spell.trouble in troubles]


def within(mark_s: int, start_s: float, end_s: float) -> bool:
    """Whether the minutes of a mark's cell touch a time."""
    return start_s < mark_s + AFTER_S and end_s > mark_s - BEFORE_S


def truth(signal: str) -> Mapping[int, float]:
    """Mark (s) → median of the medians of its minutes, of each second in which a sensor shows the body as it is."""
    medians = minutes(signal)
    found: dict[int, float] = {}
    for mark in range(0, SECONDS + 1, STEP_S):
        window = medians[max(0, mark - BEFORE_S) // 60 : (mark + AFTER_S) // 60]
        if not np.isnan(window).all():
            found[mark] = float(np.nanmedian(window))
    return found


@cache
def course() -> Sequence[Vitals]:
    """What the body has in each second."""
    patient = Patient("anaesthetic")
    return [patient.vitals(float(second)) for second in range(SECONDS)]


def minutes(signal: str, *, artefacts: bool = False) -> NDArray[np.float64]:
    """By minute the median of each second in which a sensor shows the body as it is, or anything, NaN for none."""
    body = FIELDS[signal]
    shown_as = {"hr": "pulse_rate_per_min", "pulse": "pulse_rate_per_min"}.get(signal, body)
    values = np.full(SECONDS, np.nan)
    for second, vitals in enumerate(course()):
        cut = signal not in VENTILATION and NETWORK.holds(second)
        alone = signal == "hr" or not np.isnan(getattr(vitals, shown_as))
        if alone and not cut and (artefacts or not disturbed(signal, second)):
            values[second] = getattr(vitals, body)
    seconds = values.reshape(-1, 60)
    known = ~np.isnan(seconds).all(axis=1)
    medians = np.full(known.size, np.nan)
    medians[known] = np.nanmedian(seconds[known], axis=1)
    return medians


def disturbed(signal: str, second: float) -> bool:
    mine = [
        trouble for trouble, (signals, _) in RULES.items() if signal in signals and trouble is not Trouble.DIATHERMY
    ]
    return any(spell.covers(second) for spell in spells(*mine))


@pytest.mark.parametrize(
    ("signal", "factor", "near"),
    [
        ("hr", 1.0, 1.5),
        ("spo2", 1.0, 0.6),
        ("abp_sys", 1.0, 2.0),
        ("abp_dia", 1.0, 2.0),
        ("abp_mean", 1.0, 2.0),
        ("etco2", MMHG_PER_PERCENT, 0.6),
        ("ppeak", 1.0, 0.6),
        ("vt", 1.0, 1.0),
    ],
)
def test_each_cell_is_what_the_body_had(filling: Filling, signal: str, factor: float, near: float) -> None:
    """Whatever went wrong in its window: the real hypotension too, and nothing where nothing was measured."""
    as_the_body(filling, signal, factor, near)


def test_the_pulse_of_the_oximeter_is_charted_where_it_is_wanted(pure: Filling) -> None:
    """The anaesthesia record has no row for it."""
    as_the_body(pure, "pulse", 1.0, 1.5)
    (_, off) = spells(Trouble.SPO2_OFF)
    found = [gap[:4] for gap in gaps_of(pure, "pulse")]
    assert found == [(off.start_s, off.end_s, Cause.CABLE, False), (9000.0, 9720.0, Cause.NETWORK, False)]


def as_the_body(filling: Filling, signal: str, factor: float, near: float) -> None:
    cells, known = cells_of(filling, signal), truth(signal)
    charted = {mark: cell.value for mark, cell in cells.items() if cell.state is CellState.CHARTED}
    assert charted.keys() == known.keys()
    assert len(known) >= 25
    for mark, value in known.items():
        assert charted[mark] == pytest.approx(value * factor, abs=near), mark


def test_real_hypotension_is_charted_and_short_tachycardia_offered(filling: Filling) -> None:
    (low,), (fast,) = spells(Trouble.HYPOTENSION), spells(Trouble.TACHYCARDIA)
    cell = cells_of(filling, "abp_sys")[4200]
    assert (cell.state, cell.rule, cell.dropped) == (CellState.CHARTED, "", {})
    assert low.start_s < 4200 < low.end_s
    assert cell.value == pytest.approx(68.0, abs=5.0)
    (found,) = [e for e in filling.excursions if e.signal == "hr"]
    assert found.extreme == pytest.approx(112.0, abs=4.0)
    assert at(fast.start_s) - 10_000_000 <= found.start_us < found.end_us <= at(fast.end_s) + 10_000_000
    assert cells_of(filling, "hr")[(found.mark_us - T0_US) // 1_000_000].value == pytest.approx(66.0, abs=4.0)


@pytest.mark.parametrize("trouble", RULES)
def test_each_artefact_is_left_out_by_its_rule_and_nothing_else_is(filling: Filling, trouble: Trouble) -> None:
    signals, rule = RULES[trouble]
    for signal in signals:
        cells = cells_of(filling, signal)
        touched = {mark for mark in cells for s in spells(trouble) if within(mark, s.start_s, s.end_s)}
        by_rule = {mark for mark, cell in cells.items() if rule in cell.dropped}
        assert by_rule
        assert all(
            any(rule in cells[m].dropped for m in touched if within(m, s.start_s, s.end_s)) for s in spells(trouble)
        )
        assert trouble is Trouble.PROBE_OUT or by_rule <= touched


def test_no_pressure_or_saturation_is_left_out_but_for_what_went_wrong(filling: Filling) -> None:
    known = {rule for _, rule in RULES.values()} | {"hr.switch"}
    for signal in ("hr", "spo2", *PRESSURES):
        dropped = Counter(rule for cell in cells_of(filling, signal).values() for rule in cell.dropped)
        assert dropped.keys() <= known


def test_a_temperature_is_charted_only_of_a_probe_that_is_in_place(filling: Filling) -> None:
    (out,) = spells(Trouble.PROBE_OUT)
    times, core = [time_s for time_s, _ in KNOTS], [body["temp_core_cel"] for _, body in KNOTS]
    for mark, cell in cells_of(filling, "temp").items():
        if cell.state is CellState.CHARTED:
            own_s = (cell.minutes[0].minute_us - T0_US) / 1e6
            assert not out.start_s <= own_s < out.end_s + 120, mark
            assert cell.value == pytest.approx(np.interp(own_s, times, core), abs=0.2)
            assert mark - own_s <= STEP_S + 60
    charted = [c for c in cells_of(filling, "temp").values() if c.state is CellState.CHARTED]
    assert len(charted) >= 20


def gaps_of(filling: Filling, signal: str) -> list[tuple[float, float, Cause, bool, str]]:
    return [
        ((g.start_us - T0_US) / 1e6, (g.end_us - T0_US) / 1e6, g.cause, g.certain, g.evidence)
        for g in filling.gaps
        if g.signal == signal
    ]


@pytest.mark.parametrize("signal", ["hr", "spo2", "rr", "etco2", "temp", *PRESSURES])
def test_the_cut_network_is_a_gap_with_its_cause(filling: Filling, signal: str) -> None:
    found = [gap for gap in gaps_of(filling, signal) if gap[2] is Cause.NETWORK]
    assert [gap[:4] for gap in found] == [(9000.0, 9720.0, Cause.NETWORK, False)]


def test_a_cut_of_one_device_is_no_gap_of_another(filling: Filling) -> None:
    for signal in VENTILATION:
        assert [gap for gap in gaps_of(filling, signal) if gap[0] < MARKS["extubation"]] == []


def test_a_probe_that_is_off_is_a_gap_with_its_cause(filling: Filling) -> None:
    (_, off) = spells(Trouble.SPO2_OFF)
    found = [gap for gap in gaps_of(filling, "spo2") if gap[2] is not Cause.NETWORK]
    assert [gap[:4] for gap in found] == [(off.start_s, off.end_s, Cause.CABLE, False)]
    assert [gap for gap in gaps_of(filling, "hr") if gap[2] is not Cause.NETWORK] == []


def test_a_cuff_failure_is_a_gap_by_its_rule_and_no_old_pressure_is_charted(filling: Filling) -> None:
    (failure,) = spells(Trouble.CUFF_FAILS)
    for signal in CUFF:
        found = [gap for gap in gaps_of(filling, signal) if gap[2] is Cause.ARTEFACT]
        assert [(gap[3], gap[4]) for gap in found] == [(True, "device.invalid")]
        ((start_s, end_s, *_),) = found
        assert failure.start_s <= start_s < end_s <= failure.end_s + 180
        measured = [
            (c.minutes[0].minute_us - T0_US) // 1_000_000 for c in filling.cells if c.signal == signal and c.minutes
        ]
        assert not [s for s in measured if failure.start_s - 60 < s < failure.end_s]
        assert len(measured) == len(set(measured))


def test_a_probe_that_has_fallen_off_is_an_artefact_until_it_has_settled(filling: Filling) -> None:
    (out,) = spells(Trouble.PROBE_OUT)
    found = [gap for gap in gaps_of(filling, "temp") if gap[2] is Cause.ARTEFACT and gap[0] < 9000]
    assert {gap[4] for gap in found} <= {"temp.probe_out", "temp.range", "temp.warm_up"}
    missing = {second for gap in found for second in range(int(gap[0]), int(gap[1]), 60)}
    assert set(range(int(out.start_s), int(out.end_s), 60)) <= missing
    assert max(missing) < out.end_s + 600


def test_while_the_server_is_cut_off_the_record_says_so_and_afterwards_nothing_is_missing(record: Filled) -> None:
    for signal in ("hr", "spo2", "abp_sys", "nibp_sys", "etco2", "temp"):
        last = record.during[signal][-1]
        assert (last.start_us, last.end_us) == (at(LATE[0]), at(LATE[0] + 600))
        assert (last.cause, last.certain) == (Cause.NETWORK, False)
        assert last.evidence.startswith("no data have reached the server since")
        assert not [g for g in record.gaps(signal) if g.start_us < at(LATE[1]) and g.end_us > at(LATE[0])]


@pytest.fixture(scope="module")
def certified(record: Filled) -> Mapping[str, tuple[int, int, int]]:
    """Signal → minutes expected, received, charted."""
    return record.certified()


@pytest.mark.parametrize("signal", ["spo2", "abp_sys", "abp_dia", "abp_mean", "hr"])
def test_the_certificate_counts_what_the_body_had_and_the_sensors_showed(
    certified: Mapping[str, tuple[int, int, int]], signal: str
) -> None:
    shown, charted = ~np.isnan(minutes(signal, artefacts=True)), ~np.isnan(minutes(signal))
    first = 0 if signal in ("hr", "spo2") else int(np.flatnonzero(charted)[0])
    assert certified[signal] == (shown.size - first, int(shown[first:].sum()), int(charted[first:].sum()))


def test_the_certificate_s_gaps_are_what_it_does_not_count_as_charted(
    record: Filled, certified: Mapping[str, tuple[int, int, int]]
) -> None:
    for signal, (expected, received, charted) in certified.items():
        gaps = [g for g in record.gaps(signal) if "stands in" not in g.evidence]
        missing = sum(g.end_us - g.start_us for g in gaps) // 60_000_000
        held = expected - missing - charted
        assert charted <= received <= expected
        assert held >= 0, signal
        if signal in ("spo2", "abp_sys", "nibp_sys", "temp"):
            assert held == 0, signal


def test_a_restart_and_a_hundred_looks_change_nothing(record: Filled) -> None:
    assert record.restart() == 0
    assert sum(record.look(at(SECONDS) + 1_000_000 * n) for n in range(100)) == 0
