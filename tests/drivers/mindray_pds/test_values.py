"""Traps of the protocol, by the rules of fact sheet mindray-and-chinese-hl7 §1.2, §1.4, §1.5."""

from charting.fill.signals import signals
from collector.model import UNMAPPED, Event, Observation, Quality, Role
from drivers.mindray_pds.pressures import SLOTS
from drivers.mindray_pds.tables import every
from tests.drivers.mindray_pds.link import framed, heard
from tests.drivers.mindray_pds.recordings import SETUP


def row(number: str, value: str, rest: str = "") -> str:
    return f"OBX||NM|{number}^|2101|{value}||||||F{rest}"


def values(events: list[Event]) -> list[tuple[str, str, float | str | None, str]]:
    return [(e.channel.source, e.channel.code, e.value, e.channel.unit) for e in events if isinstance(e, Observation)]


def test_sentinels_are_no_values() -> None:
    events = heard(
        framed("204", *(row("101", text) for text in ("-100", "-100.00", "-1000", "-10000", "", "-99", "12x")))
    )
    assert [(e.value, e.quality) for e in events if isinstance(e, Observation)] == [
        *[(None, Quality.NOT_AVAILABLE)] * 5, (-99.0, Quality.VALID), (None, Quality.INVALID),
    ]  # fmt: skip


def test_a_temperature_above_50_is_in_fahrenheit() -> None:
    cold = framed("204", row("200", "36.5"), row("202", "0.3"))
    warm = framed("204", row("200", "97.7"), row("202", "0.5"), row("200", "-100.00"))
    assert values(heard(cold, warm, cold)) == [
        ("200", "MDC_TEMP", 36.5, "Cel"), ("202", "MDC_TEMP_DIFF", 0.3, "Cel"),
        ("200", "MDC_TEMP", None, "Cel"), ("200", "MDC_TEMP", 97.7, "[degF]"),
        ("202", "MDC_TEMP_DIFF", None, "Cel"), ("202", "MDC_TEMP_DIFF", 0.5, "[degF]"),
        ("200", "MDC_TEMP", None, "[degF]"),
        ("200", "MDC_TEMP", None, "[degF]"), ("200", "MDC_TEMP", 36.5, "Cel"),
        ("202", "MDC_TEMP_DIFF", None, "[degF]"), ("202", "MDC_TEMP_DIFF", 0.3, "Cel"),
    ]  # fmt: skip


def test_a_cuff_pressure_is_told_once() -> None:
    first = framed("503", row("170", "120", "||APERIODIC|20260101080000"))
    again = framed("204", row("170", "120"))
    failed = framed("204", row("170", "-100", "||APERIODIC|00000000000000"))
    later = framed("503", row("170", "120", "||APERIODIC|20260101081000"))
    events = [e for e in heard(first, first, again, failed, failed, first, later) if isinstance(e, Observation)]
    assert [(e.value, e.repeat) for e in events] == [
        (120, False), (120, True), (120, True), (None, False), (None, True), (120, True), (120, False),
    ]  # fmt: skip
    standing = [e for e in heard(again, again) if isinstance(e, Observation)]
    assert [(e.standing, e.repeat) for e in standing] == [(True, False), (False, True)]


def test_the_pressures_of_a_cuff_are_new_together() -> None:
    """Without a time a measurement is new by its values: one that is as before belongs to it all the same."""
    first = framed("503", row("170", "120", "||APERIODIC"), row("171", "80"), row("172", "93"))
    second = framed("503", row("170", "120", "||APERIODIC"), row("171", "70"), row("172", "-100"))
    events = [e for e in heard(first, first, second, second) if isinstance(e, Observation)]
    assert [(e.value, e.repeat) for e in events] == [
        (120, False), (80, False), (93, False), (120, True), (80, True), (93, True),
        (120, False), (70, False), (None, False), (120, True), (70, True), (None, True),
    ]  # fmt: skip


def test_an_ibp_channel_has_its_label_and_gives_way_to_a_labelled_pressure() -> None:
    channel = framed("204", row("174", "90"), row("175", "120"))
    for label in ("OBX||CE|2025^|174|500^Arterielle||||||F", "OBX||CE|2025^||174^ART||||||F"):
        told = values(heard(channel, framed("60", label), channel))
        assert told[:2] == [("174", "MDC_PRESS_BLD_MEAN", 90, "mm[Hg]"), ("175", "MDC_PRESS_BLD_SYS", 120, "mm[Hg]")]
        assert told[3:] == [
            ("174", "MDC_PRESS_BLD_MEAN", None, "mm[Hg]"), ("174", "MDC_PRESS_BLD_ART_ABP_MEAN", 90, "mm[Hg]"),
            ("175", "MDC_PRESS_BLD_SYS", None, "mm[Hg]"), ("175", "MDC_PRESS_BLD_ART_ABP_SYS", 120, "mm[Hg]"),
        ]  # fmt: skip
    both = framed("204", "OBX||CE|2025^|174|500^ART||||||F", row("175", "120"), row("500", "121"))
    assert values(heard(both))[1:] == [
        ("175", "MDC_PRESS_BLD_SYS", 120, "mm[Hg]"), ("500", "MDC_PRESS_BLD_ART_ABP_SYS", 121, "mm[Hg]"),
    ]  # fmt: skip
    none = framed("204", row("500", "-100"))
    gone = [("175", "MDC_PRESS_BLD_ART_ABP_SYS", 120, "mm[Hg]")]
    assert values(heard(both, none, framed("204", row("175", "120"))))[-1:] == gone, (
        "a label without a value takes none"
    )
    femoral = heard(framed("204", "OBX||CE|2025^|178|^FAP||||||F", row("179", "118")))[-1]
    assert isinstance(femoral, Observation)
    assert femoral.channel.code == "VND_MINDRAY_PDS_ART_FEMORAL_SYS"
    assert femoral.channel.code in signals()["abp_sys"].codes


def test_limits_and_switches() -> None:
    events = [e for e in heard(SETUP) if isinstance(e, Observation)]
    assert [(e.channel.source, e.channel.code, e.channel.role, e.value, e.channel.unit) for e in events] == [
        ("2002/101", "MDC_ECG_HEART_RATE", Role.LIMIT_HIGH, 120.0, "/min"),
        ("2003/101", "MDC_ECG_HEART_RATE", Role.LIMIT_LOW, None, "/min"),
        ("2004/160", "VND_MINDRAY_PDS_ALARM_SWITCH", Role.SET, "1", ""),
        ("2025", "VND_MINDRAY_PDS_IBP_LABEL", Role.SET, "ART", ""),
        ("9999", UNMAPPED, Role.MEASURED, 3.0, ""),
    ]


def test_units_of_the_monitor() -> None:
    message = framed("204", row("250", "5.1"), row("105", "0.4"))
    told = values(heard(message, co2_unit="kPa", st_unit="mm"))
    assert [(code, unit) for _, code, _, unit in told] == [
        ("MDC_CONC_AWAY_CO2_ET", "kPa"), ("MDC_ECG_AMPL_ST_I", "mm"),
    ]  # fmt: skip


def test_a_source_is_one_channel() -> None:
    sources = [(channel.source, channel.role) for channel in every() if channel.source not in SLOTS]
    assert len(sources) == len(set(sources))


def test_texts_are_in_the_encoding_of_the_monitor() -> None:
    segment = "OBX||ST|2308^BedNoStr||三床||||||F"
    assert values(heard(framed("103", segment)))[0][2] == "三床"
