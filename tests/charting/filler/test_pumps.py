"""Infusions as the pumps tell them."""

import re
from dataclasses import replace

import numpy as np
import pytest

from charting.filler.pumps import infusions
from charting.trail.contents import Rate
from collector.model import Channel, Quality, Reading, Role, Series
from collector.series import Points
from tests.charting.filler.made import at


def points(*told: tuple[float, float | None], device: str = "pump 1", role: Role = Role.MEASURED,
           quality: Quality = Quality.VALID) -> Points:  # fmt: skip
    channel = Channel(code="MDC_FLOW_FLUID_PUMP", source="1", unit="mL/h", role=role)
    return Points(
        series=Series(bed="OR-03", device=device, channel=channel),
        time_us=np.array([at(minute) for minute, _ in told], np.int64),
        value=np.array([np.nan if value is None else value for _, value in told]),
        quality=np.array([quality.value] * len(told)),
        demo=np.zeros(len(told), np.bool_),
    )


def steady(start: int, end: int, rate: float) -> list[tuple[float, float | None]]:
    return [(minute, rate) for minute in range(start, end)]


def test_an_infusion_begins_with_the_first_flow_and_tells_each_change() -> None:
    told = points((0, 0.0), (1, 0.0), *steady(2, 10, 5.0), *steady(10, 20, 7.5), (20, 0.0), (21, 5.0), (22, None))
    ((item, infusion),) = infusions([told], [], at(0), at(23)).items()
    assert re.fullmatch(rf"pump:[0-9a-f]+@{at(2)}", item)
    assert item not in infusions([replace(told, series=replace(told.series, device="泵 2"))], [], at(0), at(23))
    assert infusion.rates == tuple(Rate(at_us=at(m), rate=r) for m, r in ((2, 5.0), (10, 7.5), (20, 0.0), (21, 5.0)))
    assert (infusion.stop_us, infusion.unit, infusion.device) == (None, "mL/h", "pump 1")
    assert (infusion.drug.code, infusion.drug.en) == ("", "Pump pump 1")


def test_a_pump_that_falls_silent_has_ended_when_it_was_last_heard() -> None:
    told = points(*steady(0, 10, 5.0), *steady(20, 30, 5.0))
    first, second = infusions([told], [], at(0), at(30)).values()
    assert (first.stop_us, second.stop_us) == (at(9), None)
    assert second.rates == (Rate(at_us=at(20), rate=5.0),)
    assert infusions([points(*steady(0, 10, 0.0))], [], at(0), at(10)) == {}


def test_only_what_was_given_while_the_patient_was_there() -> None:
    ((_, infusion),) = infusions([points(*steady(-10, 20, 5.0))], [], at(0), at(12)).items()
    assert infusion.rates == (Rate(at_us=at(0), rate=5.0),)


def test_a_set_rate_counts_where_nothing_is_measured_and_never_what_is_invalid() -> None:
    set_ = points(*steady(0, 5, 9.0), role=Role.SET)
    assert [i.rates[0].rate for i in infusions([set_], [], at(0), at(5)).values()] == [9.0]
    both = infusions([points(*steady(0, 5, 5.0)), set_], [], at(0), at(5))
    assert [i.rates[0].rate for i in both.values()] == [5.0]
    assert infusions([points((0, 5.0), quality=Quality.INVALID)], [], at(0), at(5)) == {}


@pytest.mark.parametrize(("device", "name"), [("pump 1", "丙泊酚"), ("pump 2", "Pump pump 1")])
def test_the_drug_is_what_the_pump_calls_it(device: str, name: str) -> None:
    series = Series(bed="OR-03", device=device, channel=Channel(code="MDC_DRUG_NAME_POINTER", source="d", unit=""))
    said = Reading(series=series, time_us=at(1), value=None, text="丙泊酚", quality=Quality.VALID, demo=False)
    ((_, infusion),) = infusions([points(*steady(0, 5, 5.0))], [said], at(0), at(5)).items()
    assert infusion.drug.en == name


def test_names_of_several_channels_of_one_device_are_nobodys() -> None:
    def name(minute: float, text: str, source: str) -> Reading:
        channel = Channel(code="MDC_DRUG_NAME_POINTER", source=source, unit="")
        series = Series(bed="OR-03", device="pump 1", channel=channel)
        return Reading(
            series=series, time_us=at(minute), value=None, text=text, quality=Quality.VALID, demo=False
        )  # fmt: skip

    names = [name(m, *of) for m in (1, 4, 7) for of in (("丙泊酚", "1.1"), ("瑞芬太尼", "1.2"))]
    (infusion,) = infusions([points(*steady(0, 10, 5.0))], names, at(0), at(10)).values()
    assert (infusion.drug.en, infusion.rates) == ("Pump pump 1", (Rate(at_us=at(0), rate=5.0),))


def test_each_pump_of_a_rack_has_its_own_name_and_never_anothers() -> None:
    def of(pump: str, rate: float) -> Points:
        told = points(*steady(0, 5, rate), device="rack")
        return replace(told, series=replace(told.series, channel=replace(told.series.channel, source=f"{pump}/INRT")))

    def name(pump: str, text: str) -> Reading:
        channel = Channel(code="MDC_DRUG_NAME_POINTER", source=f"{pump}/INSOL", unit="")
        series = Series(bed="OR-03", device="rack", channel=channel)
        return Reading(series=series, time_us=at(1), value=None, text=text, quality=Quality.VALID, demo=False)

    rates = [of("50111", 5.0), of("50112", 8.0), of("50113", 9.0)]
    names = [name("50111", "丙泊酚"), name("50112", "瑞芬太尼")]
    for told, expected in ((names, ["丙泊酚", "瑞芬太尼"]), (names[:1], ["丙泊酚", "Pump rack 50112"])):
        found = infusions(rates, told, at(0), at(5)).values()
        assert [i.drug.en for i in found] == [*expected, "Pump rack 50113"]


@pytest.mark.parametrize(
    ("source", "taken"), [("1.1.3.1/184468", True), ("1.0.0.9/184468", True), ("1.2.3.1/184468", False), ("d", True)]
)
def test_of_an_ihe_path_device_and_module_are_the_pump(source: str, *, taken: bool) -> None:
    told = points(*steady(0, 5, 5.0))
    rate = replace(told, series=replace(told.series, channel=replace(told.series.channel, source="1.1.1.2/158014")))
    channel = Channel(code="MDC_DRUG_NAME_POINTER", source=source, unit="")
    series = Series(bed="OR-03", device="pump 1", channel=channel)
    said = Reading(series=series, time_us=at(1), value=None, text="丙泊酚", quality=Quality.VALID, demo=False)
    ((_, infusion),) = infusions([rate], [said], at(0), at(5)).items()
    assert infusion.drug.en == ("丙泊酚" if taken else "Pump pump 1 1.1")


def test_another_drug_in_the_same_pump_is_another_infusion() -> None:
    told = points(*steady(0, 30, 5.0), *steady(30, 32, 0.0), *steady(32, 60, 8.0))
    channel = Channel(code="MDC_DRUG_NAME_POINTER", source="2", unit="")
    series = Series(bed="OR-03", device="pump 1", channel=channel)

    def name(minute: float, text: str) -> Reading:
        return Reading(
            series=series, time_us=at(minute), value=None, text=text, quality=Quality.VALID, demo=False
        )  # fmt: skip

    names = [name(31, "瑞芬太尼"), name(5, "丙泊酚"), name(20, "丙泊酚")]
    found = sorted(infusions([told], names, at(0), at(60)).values(), key=lambda i: i.rates[0].at_us)
    assert [(i.drug.zh, [(r.at_us, r.rate) for r in i.rates], i.stop_us) for i in found] == [
        ("丙泊酚", [(at(0), 5.0), (at(30), 0.0)], at(31)),
        ("瑞芬太尼", [(at(32), 8.0)], None),
    ]
