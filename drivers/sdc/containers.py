"""The library's descriptor and state containers as reports. Pure: whatever has these attributes is taken.

Called on the library's thread, which also renews subscriptions: nothing but copying is done.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from drivers.sdc.codes import ucum
from drivers.sdc.reports import Clock, Condition, Metric, Person, Place, Presence, Samples, State, Value

SYSTEMS = {None, "", "urn:oid:1.2.840.10004.1.1.1.0.0.1", "1.2.840.10004.1.1.1.0.0.1"}
"""ISO/IEEE 11073-10101, which is meant where no coding system is told (IEEE 11073-10207)."""

_TEXTS = {"StringMetricDescriptor", "EnumStringMetricDescriptor"}
_METRICS = {"NumericMetricDescriptor", "RealTimeSampleArrayMetricDescriptor"} | _TEXTS
_CONDITIONS = {"AlertConditionDescriptor", "LimitAlertConditionDescriptor"}
_CM = {"cm": 1.0, "m": 100.0, "mm": 0.1, "[in_i]": 2.54}
_KG = {"kg": 1.0, "g": 0.001, "[lb_av]": 0.45359237}


def described(containers: Iterable[Any]) -> tuple[Metric | Condition, ...]:
    """Descriptors of metrics and alert conditions; others tell nothing that is measured."""
    found: list[Metric | Condition] = []
    for one in containers:
        kind = _kind(one)
        if kind in _METRICS:
            found.append(_metric(one, kind))
        elif kind in _CONDITIONS:
            found.append(
                Condition(
                    handle=one.Handle,
                    code=number(one.Type),
                    name=name(one.Type),
                    kind=_word(one.Kind),
                    priority=_word(one.Priority),
                    sources=tuple(one.Source or ()),
                )
            )
    return tuple(found)


def states(containers: Iterable[Any]) -> tuple[State, ...]:
    """States of metrics, alert conditions, contexts and clocks."""
    found: list[State] = []
    for one in containers:
        match _kind(one):
            case "NumericMetricState" | "StringMetricState" | "EnumStringMetricState":
                found.append(_value(one))
            case "RealTimeSampleArrayMetricState":
                found += _samples(one)
            case "AlertConditionState" | "LimitAlertConditionState":
                found.append(_presence(one))
            case "PatientContextState":
                found.append(_person(one))
            case "LocationContextState":
                found.append(_place(one))
            case "ClockState":
                if one.DateAndTime is not None:
                    found.append(Clock(time_us=_us(one.DateAndTime) or 0))
    return tuple(found)


def number(coded: Any) -> int | None:
    """The 11073-10101 number of a coded value or of one of its translations.

    Only its digits: some devices have an invisible character in it.
    """
    if coded is None:
        return None
    for one in (coded, *(coded.Translation or ())):
        digits = re.sub(r"[^0-9]", "", one.Code or "")
        if one.CodingSystem in SYSTEMS and digits and len(digits) < 10:
            return int(digits)
    return None


def name(coded: Any) -> str:
    """Its concept in words, else its symbol, else its code."""
    if coded is None:
        return ""
    texts = [one.text for one in coded.ConceptDescription or () if one.text]
    return str(texts[0] if texts else coded.SymbolicCodeName or coded.Code or "")


def _kind(container: Any) -> str:
    return str(container.NODETYPE.localname)


def _word(value: Any) -> str:
    """The word of an enumeration, as it goes over the line."""
    return "" if value is None else str(getattr(value, "value", value))


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1e6)


def _metric(one: Any, kind: str) -> Metric:
    is_wave = kind == "RealTimeSampleArrayMetricDescriptor"
    return Metric(
        handle=one.Handle,
        code=number(one.Type),
        name=name(one.Type),
        unit=number(one.Unit),
        unit_name=name(one.Unit),
        category=_word(one.MetricCategory),
        intermittent=_word(one.MetricAvailability) == "Intr",
        is_text=kind in _TEXTS,
        period_s=float(one.SamplePeriod or 0.0) if is_wave else 0.0,
        site=name(one.BodySite[0]) if one.BodySite else "",
    )


def _value(one: Any) -> Value:
    told = one.MetricValue
    if told is None:
        return Value(handle=one.DescriptorHandle)
    return Value(
        handle=one.DescriptorHandle,
        value=told.Value,
        validity=_word(told.MetricQuality.Validity),
        mode=_word(told.MetricQuality.Mode) or "Real",
        time_us=_us(told.DeterminationTime),
    )


def _samples(one: Any) -> Sequence[State]:
    told = one.MetricValue
    if told is None or not told.Samples:
        return ()
    return (
        Samples(
            handle=one.DescriptorHandle,
            samples=tuple(Decimal(sample) for sample in told.Samples),
            validity=_word(told.MetricQuality.Validity),
            mode=_word(told.MetricQuality.Mode) or "Real",
            time_us=_us(told.DeterminationTime),
        ),
    )


def _presence(one: Any) -> Presence:
    limits = getattr(one, "Limits", None)
    return Presence(
        handle=one.DescriptorHandle,
        present=bool(one.Presence),
        active=_word(one.ActivationState) != "Off",
        priority=_word(one.ActualPriority),
        low=limits.Lower if limits is not None else None,
        high=limits.Upper if limits is not None else None,
        monitored=_word(one.MonitoredAlertLimits) if limits is not None else "",
        time_us=_us(one.DeterminationTime),
    )


def _person(one: Any) -> Person:
    core = one.CoreData
    ids = {i.Root or "patient_id": i.Extension for i in one.Identification or () if i.Extension}
    if core is None:
        return Person(handle=one.Handle, association=_word(one.ContextAssociation), ids=ids)
    return Person(
        handle=one.Handle,
        association=_word(one.ContextAssociation),
        ids=ids,
        family=core.Familyname or "",
        given=core.Givenname or "",
        sex=_word(core.Sex),
        birth_date=str(core.DateOfBirth or ""),
        category=_word(core.PatientType),
        height_cm=_measured(core.Height, _CM),
        weight_kg=_measured(core.Weight, _KG),
    )


def _measured(told: Any, units: dict[str, float]) -> float | None:
    factor = None if told is None else units.get(ucum(number(told.MeasurementUnit)))
    return None if factor is None else float(told.MeasuredValue) * factor


def _place(one: Any) -> Place:
    detail = one.LocationDetail
    parts = (
        () if detail is None else (detail.Facility, detail.Building, detail.Floor, detail.PoC, detail.Room, detail.Bed)
    )
    return Place(
        handle=one.Handle,
        association=_word(one.ContextAssociation),
        parts=tuple(part for part in parts if part),
    )
