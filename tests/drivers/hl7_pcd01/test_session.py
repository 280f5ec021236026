"""Rules of a consumer (ihe-pcd §3, §4, §5, mindray-and-chinese-hl7 §2-§4, §8) on short messages."""

from dataclasses import replace

import numpy as np
import pytest

from collector.hl7.mllp import frame
from collector.model import (
    UNMAPPED,
    AlarmCondition,
    AlarmPhase,
    Channel,
    DeviceClock,
    DeviceIdentity,
    Event,
    Frame,
    Observation,
    PatientIdentity,
    Quality,
    Rejected,
    Role,
    Waveform,
)
from drivers.hl7_pcd01 import SPEC
from drivers.hl7_pcd01.options import Options
from tests.drivers.hl7_pcd01.link import OBR, SENT_US, Link, captured, message, of, rows

HR = "NM|147842^MDC_ECG_HEART_RATE^MDC|1.7.4.147842|{}|264864^MDC_DIM_BEAT_PER_MIN^MDC|{}|{}|||{}"
NIBP = "NM|15002{}^MDC_PRESS_BLD_NONINV^MDC|1.1.9.15002{}|{}|266016^MDC_DIM_MMHG^MDC|||||R|||{}"


def heart_rate(value: str = "72", limits: str = "", flags: str = "", status: str = "R") -> bytes:
    return rows(HR.format(value, limits, flags, status))


def one(data: bytes) -> Observation:
    return of(Link().feed(data), Observation)[0]


@pytest.mark.parametrize(
    ("value", "flags", "status", "wanted", "quality", "demo"),
    [
        ("72", "", "R", 72.0, Quality.VALID, False),
        ("72", "QUES", "R", 72.0, Quality.QUESTIONABLE, False),
        ("72", "N~EARLY", "R", 72.0, Quality.QUESTIONABLE, False),
        ("72", "CAL", "R", 72.0, Quality.CALIBRATING, False),
        ("72", "DEMO", "R", 72.0, Quality.VALID, True),
        ("72", "TEST~QUES", "R", 72.0, Quality.QUESTIONABLE, True),
        ("72", "INV", "R", None, Quality.INVALID, False),
        ("72", "", "X", None, Quality.NOT_AVAILABLE, False),
        ("", "INV", "X", None, Quality.INVALID, False),
        ("", "NAV", "X", None, Quality.NOT_AVAILABLE, False),
        ("", "CAL", "X", None, Quality.CALIBRATING, False),
        ("", ">", "X", None, Quality.OVERFLOW, False),
        ("", "", "F", None, Quality.NOT_AVAILABLE, False),
        ("72", "", "W", None, Quality.INVALID, False),
        ('""', "", "F", None, Quality.NOT_AVAILABLE, False),
        ("8388607", "", "F", None, Quality.NOT_AVAILABLE, False),
        ("+7.25e1", "", "R", 72.5, Quality.VALID, False),
        ("1e999", "", "R", "1e999", Quality.VALID, False),
    ],
)
def test_quality(value: str, flags: str, status: str, wanted: object, quality: Quality, demo: bool) -> None:
    found = one(heart_rate(value, "", flags, status))
    assert (found.value, found.quality, found.demo) == (wanted, quality, demo)


@pytest.mark.parametrize("test", ["D", "T"])
def test_a_message_of_a_demonstration_is_one(test: str) -> None:
    data = message(OBR, "OBX|1|" + HR.format(72, "", "", "R"), test=test)
    assert one(data).demo


@pytest.mark.parametrize(
    ("sent", "wanted"),
    [
        ("NM|2453^COMEN_POSTURE^99COMEN||Supine|||||F", "Supine"),
        ("ST|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1|97|262688^MDC_DIM_PERCENT^MDC|||||F", 97.0),
        ("ST|9^UNHEARD_OF^99XX|1.9.9|97|||||F", "97"),
        ("SN|151832^MDC_RATIO_IE^MDC|1.1.1.10|^1^:^2.5||||||R", 0.4),
        ("SN|151832^MDC_RATIO_IE^MDC|1.1.1.10|^12||||||R", 12.0),
        ("SN|160020^MDC_CONC_GLU_GEN^MDC|1.1.1.10|>^500||||||R", ">500"),
        ("CWE|184352^MDC_VENT_MODE^MDC|1.1.0.1|50007||||||R", "50007"),
        ("CWE|184352^MDC_VENT_MODE^MDC|1.1.0.1|^^^^^^^^MANUAL||||||R", "MANUAL"),
        ("TX|184468^MDC_DRUG_NAME_POINTER^MDC|1.37.1|Propofol \\T\\ more||||||R", "Propofol & more"),
    ],
)
def test_the_type_of_a_row_is_not_believed(sent: str, wanted: object) -> None:
    assert one(rows(sent)).value == wanted


@pytest.mark.parametrize(
    ("unit", "wanted"),
    [
        ("266560^MDC_DIM_FAHR^MDC", "[degF]"),
        ("268192^MDC_DIM_DEGC^MDC", "Cel"),
        ("^MDC_DIM_DEGC^MDC", "Cel"),
        ("99999999^MDC_DIM_MILLI_L_PER_MIN^MDC", "mL/min"),
        ("10009^^99MNDRY", "J/L"),
        ("kPa^kilopascal^UCUM", "kPa"),
        ("7^MDC_DIM_{ODD}^MDC", "{MDC_DIM_ODD}"),
        ("", "1"),
    ],
)
def test_the_unit_is_the_one_that_was_sent(unit: str, wanted: str) -> None:
    found = one(rows(f"NM|150344^MDC_TEMP^MDC|1.2.1.150344|98.6|{unit}|||||R"))
    assert (found.value, found.channel.unit) == (98.6, wanted)


def test_what_is_missing_has_the_unit_of_what_was_there() -> None:
    link = Link()
    told = "|150344^MDC_TEMP^MDC|1.2.1.150344|{}|{}|||||{}"
    link.feed(rows("NM" + told.format("98.6", "266560^MDC_DIM_FAHR^MDC", "R")))
    (gone,) = of(link.feed(rows(told.format("", "", "X"))), Observation)
    assert (gone.value, gone.channel.unit) == (None, "[degF]")
    assert one(rows(told.format("", "", "X"))).channel.unit == "Cel"


def test_measured_and_set_under_one_number_are_two_channels() -> None:
    sent = "NM|151976^MDC_{}|1.1.1.3|{}|266048^MDC_DIM_CM_H2O^MDC|||||R"
    names = "VENT_PRESS_AWAY_END_EXP_POS^MDC", "PRESS_AWAY_END_EXP_POS_SETTING^MDC"
    data = rows(*(sent.format(name, value) for name, value in zip(names, (5, 6), strict=True)))
    measured, given = of(Link(dialect="wato").feed(data), Observation)
    assert (measured.value, measured.channel.role) == (5.0, Role.MEASURED)
    assert (given.value, given.channel.role) == (6.0, Role.SET)
    assert given.channel.code == "MDC_VENT_PRESS_AWAY_END_EXP_POS_SETTING"
    oxygen = "NM|152196^MDC_CONC_AWAY_O2_INSP_SETTING^MDC|1.1.1.3|60|262688^MDC_DIM_PERCENT^MDC|||||F"
    assert one(rows(oxygen)).channel.role is Role.SET


def test_one_code_in_two_places_is_two_channels() -> None:
    sent = "NM|150344^MDC_TEMP^MDC|1.2.{}.150344|{}|268192^MDC_DIM_DEGC^MDC|||||R|||||||||{}"
    first, second = of(Link().feed(rows(sent.format(1, 36.4, ""), sent.format(2, 33, "1^skin^X"))), Observation)
    assert first.channel.source == "1.2.1.150344/150344"
    assert second.channel.source == "1.2.2.150344/150344"
    assert (first.channel.site, second.channel.site) == ("", "skin")
    alike = of(Link().feed(rows(sent.format(1, 36.4, ""), sent.format(1, 33, ""))), Observation)
    assert [e.channel.source for e in alike] == ["1.2.1.150344/150344", "1.2.1.150344/150344#2"]


def test_what_nobody_knows_is_kept_with_all_that_it_was_called() -> None:
    found = one(rows("NM|121^MNDRY_EEG_MORE^99MNDRY^5^x^y|1.12.1.121|7|266419^MDC_DIM_MICRO_VOLT^MDC|||||R"))
    assert found.channel == Channel(
        code=UNMAPPED, source="1.12.1.121/121^MNDRY_EEG_MORE^99MNDRY^5^x^y", unit="uV", role=Role.MEASURED
    )
    private = "NM|61440^MDC_PRIVATE^MDC^364^pulse from ART^99MNDRY|1.1.1.364|70|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R"
    assert one(rows(private)).channel.code == "MDC_BLD_PULS_RATE_INV"


def test_a_pump_beside_another_has_channels_of_its_own() -> None:
    pump = "|70053^MDC_DEV_PUMP_INFUS_SYRINGE_MDS^MDC|1.0.0.0|||||||X|||||||{}^^{}^EUI-64"
    rate = "NM|157784^MDC_FLOW_FLUID_PUMP^MDC|1.1.1.1|{}|265266^MDC_DIM_MILLI_L_PER_HR^MDC|||||R"
    link = Link()
    found = [
        e.channel.source
        for id_ in ("AA", "BB")
        for e in of(link.feed(rows(pump.format(id_, id_), rate.format(5))), Observation)
    ]
    assert found == ["1.1.1.1/157784@AA", "1.1.1.1/157784@BB"]


@pytest.mark.parametrize(
    ("sent", "low", "high"),
    [
        ("50-120", 50.0, 120.0),
        ("36.0^39.0", 36.0, 39.0),
        ("-5-10", -5.0, 10.0),
        ("50-", 50.0, None),
        ("<120", None, 120.0),
        (">=50", 50.0, None),
        ("^8388607", None, None),
        ("normal", None, None),
    ],
)
def test_limits(sent: str, low: float | None, high: float | None) -> None:
    link = Link()
    told = {e.channel.role: e for e in of(link.feed(heart_rate(limits=sent)), Observation)}
    again = {e.channel.role: e for e in of(link.feed(heart_rate(limits=sent)), Observation)}
    for role, limit in ((Role.LIMIT_LOW, low), (Role.LIMIT_HIGH, high)):
        assert (told[role].value if role in told else None) == limit
        assert role not in told or (not told[role].repeat and again[role].repeat)
    assert not again[Role.MEASURED].repeat


def test_a_limit_that_stays_is_told_again_before_it_looks_old() -> None:
    link = Link()
    told = [one for n in range(8) for one in of(link.feed(heart_rate(limits="50-120"), 10.0 * n), Observation)]
    low = [one.repeat for one in told if one.channel.role is Role.LIMIT_LOW]
    assert low == [False, True, True, False, True, True, False, True]


def cuffs(link: Link, now: float, *values: int, time: str = "") -> list[Observation]:
    data = rows(*(NIBP.format(n + 1, n + 1, value, time) for n, value in enumerate(values)))
    return of(link.feed(data, now), Observation)


def test_a_cuff_with_a_time_of_its_own_is_told_once() -> None:
    link = Link()
    first = cuffs(link, 0.0, 120, 80, time="20260305092500+0800")
    again = cuffs(link, 300.0, 120, 80, time="20260305092500+0800")
    anew = cuffs(link, 301.0, 120, 80, time="20260305092900")
    assert [(e.repeat, e.standing, e.device_time_us) for e in first] == [(False, False, SENT_US - 305_000_000)] * 2
    assert all(e.repeat for e in again)
    assert [(e.repeat, e.device_time_us) for e in anew] == [(False, SENT_US - 65_000_000)] * 2


def test_a_cuff_without_a_time_stands_at_first_and_is_new_when_it_changes() -> None:
    link = Link()
    assert all(e.standing and not e.repeat for e in cuffs(link, 0.0, 120, 80))
    assert all(e.repeat for e in cuffs(link, 10.0, 120, 80))
    assert all(e.repeat for e in cuffs(link, 25.0, 120, 80))
    assert not any(e.repeat or e.standing for e in cuffs(link, 26.0, 121, 80))
    assert not any(e.repeat or e.standing for e in cuffs(link, 100.0, 121, 80))


def test_a_cuff_stamped_with_the_time_of_the_message_is_not_new_each_second() -> None:
    link = Link()
    assert not any(e.repeat or e.standing for e in cuffs(link, 0.0, 120, 80, time="20260305093005"))
    assert all(e.repeat for e in cuffs(link, 1.0, 120, 80, time="20260305093006"))


def test_other_values_have_a_time_only_where_it_is_another_than_the_message_has() -> None:
    sent = "NM|150456^MDC_PULS_OXIM_SAT_O2^MDC|1.3.1|97|262688^MDC_DIM_PERCENT^MDC|||||F|||{}"
    assert one(rows(sent.format("20260305093005"))).device_time_us is None
    assert one(rows(sent.format("20260305092900+0800"))).device_time_us == SENT_US - 65_000_000
    assert one(rows(sent.format("00000000000000"))).device_time_us is None


@pytest.mark.parametrize(
    ("time", "wanted_us"),
    [
        ("20190521153541.0000+0800", 1_558_424_141_000_000),
        ("20260124124738000+0800", 1_769_230_058_000_000),
        ("20260124044738", 1_769_230_058_000_000),
    ],
)
def test_the_clock_is_that_of_the_header(time: str, wanted_us: int) -> None:
    data = frame(f"MSH|^~\\&|A||||{time}||ORU^R01|1|P|2.6\r".encode())
    head, clock = Link().feed(data)
    assert clock == DeviceClock(time_us=wanted_us)
    assert isinstance(head, Frame)
    assert head.tick_us == wanted_us


def test_a_message_without_time_tells_none() -> None:
    head, *more = Link().feed(frame(b"MSH|^~\\&|A||||00000000000000||ORU^R01|1|P|2.6\r"))
    assert isinstance(head, Frame)
    assert head.tick_us is None
    assert not more


def test_the_same_message_sent_again_has_the_same_digest() -> None:
    def digest(data: bytes) -> int | None:
        return of(Link().feed(data), Frame)[0].digest

    data = captured("synthetic", "pcd01_monitor.hl7")
    assert digest(data) == digest(data)
    assert digest(data) != digest(data.replace(b"GW-000000101", b"GW-000000102"))
    assert digest(data) != digest(data.replace(b"|74|", b"|75|"))
    assert (digest(data) or 0) >> 63 == 0


def test_the_same_words_at_another_time_are_another_message() -> None:
    """A control id may be the kind of the message."""
    first = message(
        "PV1||I|OR^3", "OBR|1", "OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.1|74|264864^MDC_DIM_BEAT_PER_MIN^MDC"
    )
    next_one = first.replace(b"20260305093005+0800", b"20260305093006+0800")
    (one,), (other,) = (of(Link().feed(data), Frame) for data in (first, next_one))
    assert None is not one.digest != other.digest is not None


@pytest.mark.parametrize("sent", ["", "202603050930+0800", "00000000000000"])
def test_what_cannot_be_told_from_the_next_one_has_no_digest(sent: str) -> None:
    data = message(OBR)
    heads = of(
        Link().feed(message(OBR, id_="") + data.replace(b"20260305093005+0800||ORU", f"{sent}||ORU".encode())), Frame
    )
    assert [head.digest for head in heads] == [None, None]


def test_each_message_is_acknowledged_as_it_asks() -> None:
    link = Link()
    link.feed(captured("synthetic", "pcd01_monitor.hl7") + captured("comen", "nc5_adt_a08.hl7"))
    first, second = link.answers()
    assert first.first("MSA").fields[1:] == ["CA", "GW-000000101"]
    assert (first.type, first.trigger, first.header.field(5)) == ("ACK", "R01", "AIMS-GW^0011223344556677^EUI-64")
    assert second.first("MSA").fields[1:] == ["AA", "20260727124424.0003"]
    assert SPEC.durable_first


def test_what_nobody_reads_is_refused_and_answers_are_not_answered() -> None:
    link = Link()
    events = link.feed(message("TXA|1", kind="MDM^T02^MDM_T02"))
    assert [type(event) for event in events] == [Frame, DeviceClock, Rejected]
    (answer,) = link.answers()
    assert answer.first("MSA").fields[1:] == ["CR", "1"]
    link.feed(captured("mindray-other", "vs8_rsp_zv2_answer.hl7") + captured("synthetic", "ack_original_AA.hl7"))
    assert link.answers() == []


@pytest.mark.parametrize(
    ("query", "kind", "code", "echoed"),
    [
        (captured("mindray-other", "vs8_qbp_zv1_query.hl7"), "RSP^ZV2^RSP_ZV2", "AA", ("QPD",)),
        (captured("comen", "nc5_qry_r02_patient.hl7"), "ORF^R04^ORF_R04", "AE", ("QRD", "QRF")),
        (message("QRD|20260305|R|I|Q1||||12345|RES", kind="QRY^A19"), "ADR^A19^ADR_A19", "AA", ("QRD",)),
    ],
)
def test_a_patient_that_is_asked_for_is_not_found(query: bytes, kind: str, code: str, echoed: tuple[str, ...]) -> None:
    link = Link()
    assert [type(event) for event in link.feed(query)] == [Frame, DeviceClock]
    (answer,) = link.answers()
    assert answer.header.field(9) == kind
    assert answer.first("MSA").field(1) == code
    assert "PID" not in answer
    assert all(answer.first(name).fields[1:] for name in echoed)
    if kind.startswith("RSP"):
        assert answer.first("QAK").fields[1:] == ["QueryTag_8", "NF", "IHE PDQ Query", "0", "0", "0"]
        assert answer.first("QPD").fields[1:] == ["IHE PDQ Query", "QueryTag_8", "@PID.3.1^10003"]
    again = Link()
    again.feed(query)
    assert SPEC.sends is not None
    assert SPEC.sends.fullmatch(again.session.outgoing())


def test_with_a_checksum_the_frame_must_be_whole_and_nothing_is_answered() -> None:
    data = captured("synthetic", "wato_pcd01.hl7")
    with_crc = data[:-2] + b"A5F0\x1c\r"
    link = Link(dialect="wato", crc=True)
    assert len(of(link.feed(with_crc), Observation)) == 14
    assert link.session.outgoing() == b""
    for bad, reason in (
        (data, "no check"),
        (with_crc.replace(b"OBX|7", b"oBX|7"), "grammar"),
        (with_crc.replace(b"18|266", b"1\x07|266"), "grammar"),
        (with_crc.replace(b"20260305093000+0800||ORU", b"2026030509x000+0800||ORU"), "grammar"),
    ):
        assert [e.reason for e in of(link.feed(bad), Rejected)] == [reason]
        assert not of(link.feed(b""), Observation)


def test_what_is_no_message_is_rejected() -> None:
    assert [(e.offset, e.reason) for e in of(Link().feed(b"??" + frame(b"PID|1\r")), Rejected)] == [
        (0, "noise"),
        (2, "no message"),
    ]


WAVE = "NA|150032^MDC_PRESS_BLD_ART^MDC|1.1.1.9|{}"
ATTRIBUTES = (
    "NM|0^MDC_ATTR_SAMP_RATE^MDC|1.1.1.9.1|4|264640^MDC_DIM_HZ^MDC|||||R",
    "NM|67917^MDC_ATTR_NU_MSMT_RES^MDC|1.1.1.9.2|0.5|266016^MDC_DIM_MMHG^MDC|||||R",
    "NM|262196^MDC_EVT_INOP^MDC|1.1.1.9.3|32767||||||R",
)


def wave(samples: str, second: int, *attributes: str, until: str = "") -> bytes:
    order = f"OBR|1||7|CONTINUOUS WAVEFORM|||202603050930{second:02}+0800|{until}"
    return rows(WAVE.format(samples), *(attributes or ATTRIBUTES), header=(order,))


def test_waves_continue_by_the_times_of_the_device() -> None:
    link = Link()
    data = wave("1^2^3^4", 0) + wave("5^6^7^8", 1) + wave("9^9^9^9", 4) + wave("1^1^1^1", 2) + wave("1^1^1^1", 3)
    found = of(link.feed(data), Waveform)
    assert [piece.gap_samples for piece in found] == [None, 0, 8, None, 0]
    assert [piece.start_us for piece in found[:3]] == [-5_000_000, -4_000_000, -1_000_000]
    assert np.allclose(found[0].values, [0.5, 1.0, 1.5, 2.0])
    assert found[0].channel == Channel(code="MDC_PRESS_BLD_ART", source="1.1.1.9/150032", unit="mm[Hg]")


def test_marked_samples_split_a_wave_and_are_counted() -> None:
    link = Link()
    data = wave("1^32767^32767^4", 0) + wave("32767^32767^32767^32767", 1) + wave("32767^6^7^8", 2)
    found = of(link.feed(data), Waveform)
    assert [piece.counts.tolist() for piece in found] == [[1], [4], [6, 7, 8]]
    assert [piece.gap_samples for piece in found] == [None, 2, 5]
    assert [piece.start_us for piece in found] == [-5_000_000, -4_250_000, -2_750_000]


def test_no_piece_is_longer_than_a_second() -> None:
    found = of(Link().feed(wave("1^2^3^4^5^6^7^8^9", 0)), Waveform)
    assert [(piece.counts.tolist(), piece.gap_samples) for piece in found] == [
        ([1, 2, 3, 4], None),
        ([5, 6, 7, 8], 0),
        ([9], 0),
    ]


def test_the_rate_is_told_or_that_of_the_interval() -> None:
    attributes = ATTRIBUTES[1:]
    found = of(Link().feed(wave("1^2^3^4", 0, *attributes, until="20260305093002+0800")), Waveform)
    assert [(piece.rate_hz, piece.counts.tolist()) for piece in found] == [(2.0, [1, 2]), (2.0, [3, 4])]
    assert [e.reason for e in of(Link().feed(wave("1^2^3^4", 0, *attributes)), Rejected)] == ["samples"]


@pytest.mark.parametrize("samples", ["1^x^3", "1^^3", "1^2147483648^3", "1.5^2", "1^2~3^4"])
def test_samples_that_are_no_integers_are_rejected(samples: str) -> None:
    events = Link().feed(wave(samples, 0))
    assert [e.reason for e in of(events, Rejected)] == ["samples"]
    assert not of(events, Waveform)
    assert not of(events, Observation)


def test_a_wave_in_base64_is_rejected() -> None:
    events = Link().feed(rows("ED|131328^MDC_ECG_ELEC_POTL^MDC|1.2.1.1|^Application^^Base64^AAAA||||||R"))
    assert [e.reason for e in of(events, Rejected)] == ["samples"]
    assert not of(events, Observation)


def test_waves_are_left_out_where_nobody_wants_them() -> None:
    events = Link(waves=False).feed(wave("1^2^3^4", 0) + heart_rate())
    assert not of(events, Waveform)
    assert [e.channel.code for e in of(events, Observation)] == ["MDC_ECG_HEART_RATE"]


def alarm(
    phase: str, *, id_: str = "9", parent: str = "", state: str = "active", more: str = "", bed: str = "3"
) -> bytes:
    order = f"OBR|1||{id_}^GW|196616^MDC_EVT_ALARM^MDC|||20260305093005+0800{'|' * 22}{parent}"
    return message(
        f"PV1||I|OR^{bed}",
        order,
        "OBX|1|CWE|196616^MDC_EVT_ALARM^MDC|1.7.4.147842|196652^MDC_EVT_HI_VAL_GT_LIM^MDC|||H~PH~SP|||R",
        f"OBX|2|ST|68165^MDC_ATTR_EVENT_PHASE^MDC|1.7.4.147842.3|{phase}||||||R",
        f"OBX|3|ST|68166^MDC_ATTR_ALARM_STATE^MDC|1.7.4.147842.4|{state}||||||R",
        *filter(None, (more,)),
        kind="ORU^R40^ORU_R40",
    )


def phases(events: list[Event]) -> list[tuple[str, AlarmPhase]]:
    return [(e.source, e.phase) for e in of(events, AlarmCondition)]


def test_a_sender_that_names_no_beginning_means_the_alarm_that_stands() -> None:
    link = Link()
    data = alarm("start", id_="4") + alarm("continue", id_="5") + alarm("update", id_="6", state="inactive")
    assert phases(link.feed(data + alarm("start", id_="7"))) == [
        ("4", AlarmPhase.START),
        ("4", AlarmPhase.CONTINUE),
        ("4", AlarmPhase.END),
        ("7", AlarmPhase.START),
    ]


def test_an_alarm_of_a_moment_begins_and_ends() -> None:
    assert phases(Link().feed(alarm("tpoint"))) == [("9", AlarmPhase.START), ("9", AlarmPhase.END)]


def test_an_alarm_may_name_its_beginning_in_either_component() -> None:
    link = Link()
    link.feed(alarm("start", id_="4"))
    assert phases(link.feed(alarm("end", id_="5", parent="x&GW^4&GW"))) == [("4", AlarmPhase.END)]
    assert phases(Link().feed(alarm("end", id_="5", parent="4^GW^0011^EUI-64"))) == [("4", AlarmPhase.END)]


def test_a_priority_that_is_not_told_is_high() -> None:
    data = alarm("start").replace(b"H~PH~SP", b"H~SP")
    (found,) = of(Link().feed(data), AlarmCondition)
    assert (found.priority.value, found.device_priority) == ("high", "")


def test_an_earlier_alarm_continues_or_ends_when_nothing_is_heard_of_it() -> None:
    (standing,) = of(Link().feed(alarm("start", id_="4")), AlarmCondition)
    link = Link([standing], alarm_hold_s=60.0)
    assert phases(link.feed(heart_rate(), 0.0)) == []
    assert phases(link.feed(alarm("update", id_="5", parent="4"), 30.0)) == [("4", AlarmPhase.CONTINUE)]
    assert phases(link.feed(heart_rate(), 61.0)) == []
    other = Link([standing], alarm_hold_s=60.0)
    other.feed(heart_rate(), 0.0)
    other.feed(heart_rate(), 50.0)
    assert phases(other.feed(heart_rate(), 61.0)) == [("4", AlarmPhase.END)]


def test_an_earlier_alarm_of_one_bed_of_many_is_that_beds() -> None:
    (started,) = of(Link().feed(alarm("start", id_="4")), AlarmCondition)
    standing = [replace(started, location="OR^9"), replace(started, location="OR^3", source="5")]
    link = Link(standing, alarm_hold_s=60.0)
    for now in (0.0, 50.0):
        assert phases(link.feed(heart_rate(), now)) == []
    assert phases(link.feed(heart_rate(), 61.0)) == [("5", AlarmPhase.END)]
    assert phases(link.feed(alarm("update", id_="6", parent="4", bed="9"), 61.0)) == [("4", AlarmPhase.CONTINUE)]


def test_alarms_end_when_their_bed_was_silent() -> None:
    link = Link(alarm_hold_s=60.0)
    link.feed(alarm("start", id_="4") + alarm("start", id_="5", bed="9"), 0.0)
    assert phases(link.feed(alarm("continue", id_="6", bed="9"), 50.0)) == [("5", AlarmPhase.CONTINUE)]
    assert phases(link.feed(alarm("start", id_="7"), 61.0)) == [("4", AlarmPhase.END), ("7", AlarmPhase.START)]
    assert phases(link.feed(alarm("continue", id_="8", bed="9"), 100.0)) == [("5", AlarmPhase.CONTINUE)]


def test_what_confirms_that_a_device_is_there_is_no_alarm() -> None:
    data = alarm("start", more="OBX|9|NM|67860^MDC_ATTR_CONFIRM_TIMEOUT^MDC|1.7.4.147842.9|10||||||R")
    events = Link().feed(data)
    assert phases(events) == []
    assert of(events, Frame)[0].kind == "heartbeat"


def test_who_is_spoken_of_is_told_when_it_changes() -> None:
    pid = "PID|||P1^^^HOSP^MR~V1^^^HOSP^VN ||{}||19700101|M||||||||||A1"
    body = "OBX|1|NM|188736^MDC_MASS_BODY_ACTUAL^MDC|1.10.1.188736|62.5|263875^MDC_DIM_KILO_G^MDC|||||F"
    link = Link(name_order="given-family")
    first = of(link.feed(message(pid.format("珅^和^^^^^L"), OBR, body)), PatientIdentity)
    assert first == [
        PatientIdentity(
            ids={"patient_id": "P1", "encounter_id": "V1", "account": "A1"},
            family="和",
            given="珅",
            sex="M",
            birth_date="19700101",
            weight_kg=62.5,
        )
    ]
    assert of(link.feed(message(pid.format("珅^和"), OBR)), PatientIdentity) == []
    assert of(link.feed(message(OBR)), PatientIdentity) == []
    assert of(link.feed(message("PID|||||", OBR)), PatientIdentity) == [PatientIdentity()]
    assert of(link.feed(message("PID|||^^^Hospital^PI||Unknown^Patient", OBR)), PatientIdentity) == []


def test_names_are_in_the_charset_of_the_connection() -> None:
    data = message("PID|||P1||和^珅", OBR).decode().encode("gb18030")
    (found,) = of(Link(charset="gb18030").feed(data), PatientIdentity)
    assert (found.family, found.given) == ("和", "珅")


@pytest.mark.parametrize(
    ("dialect", "name", "wanted"),
    [
        (
            "egateway",
            "mindray-egateway/oru_r01_numeric_v26_web_sample.hl7",
            ("Mindray", "BIG_DIPPER", "000F14049B507238"),
        ),
        ("vs8", "mindray-other/vs8_oru_r01_v26_2026_demo.hl7", ("Mindray", "MINDRAY_VS_SERIES", "00A037009B023649")),
        ("wato", "synthetic/wato_pcd01.hl7", ("Mindray", "WATO EX-35", "0000000000000001")),
        ("comen", "comen/nc5_oru_r01_v26.hl7", ("Comen", "", "KC575235977G")),
        ("ihe", "synthetic/pcd01_monitor.hl7", ("", "", "AABBCCDDEEFF0011")),
    ],
)
def test_the_device_names_itself(dialect: str, name: str, wanted: tuple[str, str, str]) -> None:
    link = Link(dialect=dialect)
    data = captured(*name.split("/"))
    (found,) = of(link.feed(data), DeviceIdentity)
    assert (found.manufacturer, found.model, found.serial) == wanted
    assert of(link.feed(data), DeviceIdentity) == []


def test_silence_is_that_of_the_dialect() -> None:
    assert Options().silence_s == SPEC.silence_s <= 10.0
    assert Options(dialect="wato").silence_s == 35.0
    assert Options(dialect="wato", silence_s=5.0).silence_s == 5.0


def test_many_beds_are_forgotten_the_longest_unheard_first() -> None:
    link = Link()
    for bed in range(300):
        link.feed(rows(HR.format(72, "50-120", "", "R"), header=(f"PV1||I|OR^{bed}", OBR)))

    def limits(bed: int) -> bool:
        data = rows(HR.format(72, "50-120", "", "R"), header=(f"PV1||I|OR^{bed}", OBR))
        return of(link.feed(data), Observation)[1].repeat

    assert limits(299)
    assert not limits(0)
