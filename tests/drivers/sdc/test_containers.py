"""Containers of the library, read from XML that is written by hand."""

from typing import Any

import pytest
from sdc11073.definitions_sdc import SdcV1Definitions
from sdc11073.loghelper import get_logger_adapter
from sdc11073.pysoap.msgreader import MessageReader

from drivers.sdc.containers import described, name, number, states
from drivers.sdc.reports import Clock, Person, Place, Presence, Value

MSG = "http://standards.ieee.org/downloads/11073/11073-10207-2017/message"
PM = "http://standards.ieee.org/downloads/11073/11073-10207-2017/participant"
VENDOR = "urn:oid:1.3.6.1.4.1.3592.2.1.1.1"


def read(metrics: str = "", told: str = "") -> tuple[list[Any], list[Any]]:
    """Descriptors and states of an MDIB."""
    xml = f"""
    <msg:GetMdibResponse xmlns:msg="{MSG}" xmlns:pm="{PM}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
        SequenceId="urn:uuid:4f1f2c1e-9d9b-4a7c-8f3a-5b6c7d8e9f00"><msg:Mdib
        SequenceId="urn:uuid:4f1f2c1e-9d9b-4a7c-8f3a-5b6c7d8e9f00">
      <pm:MdDescription><pm:Mds Handle="mds"><pm:Vmd Handle="vmd"><pm:Channel Handle="ch">{metrics}</pm:Channel>
      </pm:Vmd></pm:Mds></pm:MdDescription>
      <pm:MdState>{told}</pm:MdState></msg:Mdib></msg:GetMdibResponse>"""
    reader = MessageReader(SdcV1Definitions, None, get_logger_adapter("sdc.test"), validate=False)
    found: tuple[list[Any], list[Any]] = reader.read_mdib_xml(xml.encode())
    return found


def metric(kind: str, inner: str, **attributes: str) -> str:
    text = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    return f'<pm:Metric xsi:type="pm:{kind}Descriptor" Handle="m" {text}>{inner}</pm:Metric>'


def one(inner: str, kind: str = "NumericMetric", **attributes: str) -> Any:
    (found,) = described(read(metric(kind, inner, **attributes))[0])
    return found


@pytest.mark.parametrize(
    ("coded", "code"),
    [
        ('<pm:Type Code="147842"/>', 147842),
        ('<pm:Type Code="262108\u202c"/>', 262108),
        ('<pm:Type Code="147842" CodingSystem="urn:oid:1.2.840.10004.1.1.1.0.0.1"/>', 147842),
        (f'<pm:Type Code="147842" CodingSystem="{VENDOR}"/>', None),
        (f'<pm:Type Code="x" CodingSystem="{VENDOR}"><pm:Translation Code="147842"/></pm:Type>', 147842),
        ('<pm:Type Code="MDC_ECG"/>', None),
        ('<pm:Type Code="99999999999"/>', None),
    ],
)
def test_numbers_of_11073_10101(coded: str, code: int | None) -> None:
    assert one(f'{coded}<pm:Unit Code="264864"/>').code == code


def test_a_metric() -> None:
    inner = """<pm:Type Code="150372" SymbolicCodeName="MDC_TEMP_ESOPH"/><pm:Unit Code="268192"/>
        <pm:BodySite Code="1"><pm:ConceptDescription>oesophagus</pm:ConceptDescription></pm:BodySite>"""
    found = one(inner, MetricCategory="Set", MetricAvailability="Intr", Resolution="0.1")
    assert (found.handle, found.name, found.unit, found.category) == ("m", "MDC_TEMP_ESOPH", 268192, "Set")
    assert (found.intermittent, found.is_text, found.period_s, found.site) == (True, False, 0.0, "oesophagus")


def test_a_wave_and_a_text() -> None:
    coded = '<pm:Type Code="131330"/><pm:Unit Code="266418"/>'
    assert one(coded, "RealTimeSampleArrayMetric", SamplePeriod="PT0.004S").period_s == 0.004
    assert one(coded, "EnumStringMetric").is_text


def test_nothing_is_no_code_and_no_name() -> None:
    assert number(None) is None
    assert name(None) == ""


def told(kind: str, inner: str = "", **attributes: str) -> Any:
    text = " ".join(f'{key}="{value}"' for key, value in attributes.items())
    found = states(read(told=f'<pm:State xsi:type="pm:{kind}State" DescriptorHandle="m" {text}>{inner}</pm:State>')[1])
    return found[0] if found else None


def test_a_value() -> None:
    quality = '<pm:MetricQuality Validity="Qst" Mode="Demo"/>'
    inner = f'<pm:MetricValue Value="36.5" DeterminationTime="1790000000123">{quality}</pm:MetricValue>'
    found = told("NumericMetric", inner)
    assert isinstance(found, Value)
    assert (str(found.value), found.validity, found.mode, found.time_us) == (
        "36.5",
        "Qst",
        "Demo",
        1_790_000_000_123_000,
    )
    assert told("NumericMetric") == Value(handle="m")


def test_samples() -> None:
    inner = (
        '<pm:MetricValue Samples="0.10 -0.2" DeterminationTime="5"><pm:MetricQuality Validity="Vld"/></pm:MetricValue>'
    )
    found = told("RealTimeSampleArrayMetric", inner)
    assert ([str(sample) for sample in found.samples], found.time_us) == (["0.10", "-0.2"], 5_000)
    assert told("RealTimeSampleArrayMetric") is None


def test_presences() -> None:
    inner = '<pm:Limits Lower="45"/>'
    found = told("LimitAlertCondition", inner, ActivationState="Off", MonitoredAlertLimits="HiOff", Presence="true")
    assert isinstance(found, Presence)
    assert (found.present, found.active, str(found.low), found.high, found.monitored) == (
        True,
        False,
        "45",
        None,
        "HiOff",
    )
    plain = told("AlertCondition", ActivationState="On", ActualPriority="Hi")
    assert (plain.present, plain.active, plain.priority, plain.monitored) == (False, True, "Hi", "")


def test_a_patient() -> None:
    core = """<pm:Identification Root="urn:hospital" Extension="4711"/><pm:CoreData><pm:Givenname>Mei</pm:Givenname>
        <pm:Familyname>Li</pm:Familyname><pm:Sex>F</pm:Sex><pm:PatientType>Ad</pm:PatientType>
        <pm:DateOfBirth>1980-01-02</pm:DateOfBirth>
        <pm:Height MeasuredValue="1.70"><pm:MeasurementUnit Code="263424"/></pm:Height>
        <pm:Weight MeasuredValue="62000"><pm:MeasurementUnit Code="263872"/></pm:Weight></pm:CoreData>"""
    assert told("PatientContext", core, Handle="p1", ContextAssociation="Assoc") == Person(
        handle="p1",
        association="Assoc",
        ids={"urn:hospital": "4711"},
        family="Li",
        given="Mei",
        sex="F",
        birth_date="1980-01-02",
        category="Ad",
        height_cm=170.0,
        weight_kg=62.0,
    )


def test_a_place_and_a_clock() -> None:
    detail = '<pm:LocationDetail PoC="ICU" Bed="7" Facility="H1"/>'
    found = told("LocationContext", detail, Handle="l1", ContextAssociation="Pre")
    assert found == Place(handle="l1", association="Pre", parts=("H1", "ICU", "7"))
    assert told("Clock", DateAndTime="1790000000123", RemoteSync="true") == Clock(time_us=1_790_000_000_123_000)
