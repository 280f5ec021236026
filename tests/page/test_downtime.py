"""The downtime sheet: what the bed knows without its server, on paper."""

import re
from dataclasses import replace
from statistics import median_low

import pytest

from alarms.follower import Follower
from alarms.latency import Latency
from charting.page.downtime import downtime
from charting.page.now import Bedside, Server
from charting.page.words import Lang, Words
from collector.codes import by_refid
from collector.model import AlarmPhase, Condition, Identity, PatientIdentity, Priority, Quality
from collector.status import DeviceState, DeviceStatus
from collector.technical import Technical
from tests.page.data import (
    BED,
    HR,
    MINUTE_US,
    NIBP_DIA,
    NIBP_SYS,
    NOW_US,
    SECOND_US,
    SPO2,
    TEMP,
    ZONE,
    Store,
    alarm,
    reading,
    status,
)

AWAY_US = NOW_US - 16 * MINUTE_US
"""14:02:43 in Shanghai."""
PATIENT = PatientIdentity(family="张", given="三丰", ids={"patient_id": "00123456"})


def away(since_us: int = AWAY_US) -> Condition:
    """The gateway's own condition that its server is not reached."""
    technical = Technical(BED, lambda: since_us + MINUTE_US)
    (condition,) = technical.raised("sink:timescale::", "not reached", Priority.MEDIUM, since_us=since_us)
    return condition


def printed(
    store: Store,
    *,
    server: Server = Server.AWAY,
    devices: tuple[DeviceStatus, ...] = (status(),),
    kind: str = "or",
    lang: Lang = Lang.EN,
) -> str:
    parameters = by_refid()
    bedside = Bedside(
        bed=BED, zone=ZONE, reader=store, parameters=parameters, alarms=Follower(BED, store), latency=Latency()
    )
    now = bedside.look(devices, NOW_US, server=server)
    return downtime(now, store, kind, Words(lang), parameters)


def entries(html: str) -> dict[str, tuple[str, str]]:
    """Name → what is written of a value, and its age and marks."""
    found = re.findall(r"<li(?: class=\"old\")?><span>([^<]*)</span><b>(.*?)</b><small>([^<]*)</small>", html)
    return {name: (re.sub(r"<[^>]*>", "", text).strip(), marks) for name, text, marks in found}


def numbers(html: str) -> dict[str, list[str]]:
    """Row of the last hour → its cells, "gap" for a hatched one."""
    table = re.search(r'<table class="hours">(.*?)</table>', html, re.DOTALL)
    assert table is not None
    rows = {"": re.findall(r"<th scope=col>(\d\d:\d\d)</th>", table[1])}
    for name, cells in re.findall(r"<th scope=row>([^<]*)<i>.*?</th>(.*?)</tr>", table[1]):
        texts = re.findall(r'<td( class="gap")?>(.*?)</td>', cells)
        rows[name.strip()] = ["gap" if gap else re.sub(r"<[^>]*>", " ", text).strip() for gap, text in texts]
    return rows


def beats() -> list[tuple[int, float]]:
    """A heart rate a minute over the last hour, but for 13:40 to 13:55."""
    first = NOW_US - 60 * MINUTE_US
    return [(first + n * MINUTE_US, 60.0 + n * 7 % 23) for n in range(60) if not 22 <= n < 37]


@pytest.mark.parametrize("lang", list(Lang))
def test_it_says_whose_bed_it_is_when_it_was_printed_and_since_when_the_server_is_away(lang: Lang) -> None:
    store = Store(readings=[reading(HR, NOW_US - SECOND_US, 63.0)], changes=[away(), alarm(NOW_US - 90 * SECOND_US)])
    devices = replace(status(), patient=PATIENT), status("vent", DeviceState.SILENT)
    html = printed(store, devices=devices, lang=lang)
    words = Words(lang)
    known, sheet = html.split('<section class="page')[1:]
    assert f"{BED} · {words('downtime.title')}" in known
    assert f"{words('downtime.until')} 2026-11-24 14:18:43 Asia/Shanghai" in known, "a tab may be printed long after"
    assert words("server.away_since").format(time="2026-11-24 14:02:43") in known
    assert "张 三丰 00123456 (monitor)" in known
    assert words("print.person") in known
    assert "!!! ** HR 128 &gt; 120" in known
    assert f"{words('since')} 14:17:13" in known
    assert re.search(f"<b>vent</b> [^<]*{words('alarms_unknown')}", known)
    assert BED in sheet
    for key in ("blank.after", "blank.after.vitals", "blank.complications", "blank.events", "blank.sign"):
        assert words(key) in sheet
    assert re.findall(r">(\d\d:\d\d)</text>", sheet) == [f"{h}:{m}" for h in range(14, 18) for m in ("15", "45")]


def test_it_needs_no_script_no_colour_and_nothing_from_elsewhere() -> None:
    html = printed(Store(readings=[reading(HR, at, value) for at, value in beats()], changes=[away()]))
    assert "<script" not in html
    assert set(re.findall(r'(?:href|src)="([^"#]*)"', html)) == {"print.css", "icon.svg", ".?lang=en"}
    assert not re.search(r'(?:stroke|fill)="#(?:18722f|b3211b|3b3486)"', html)


def test_a_value_has_its_age_and_says_when_it_is_old_doubtful_or_none() -> None:
    store = Store(
        readings=[
            reading(HR, NOW_US - SECOND_US, 63.0),
            reading(SPO2, NOW_US - 95 * SECOND_US, 97.0),
            reading(TEMP, NOW_US - 3 * SECOND_US, 36.04, Quality.QUESTIONABLE),
            reading(NIBP_SYS, NOW_US - 4 * MINUTE_US, 118.0),
            reading(NIBP_DIA, NOW_US - 4 * MINUTE_US, 61.0),
        ]
    )
    assert entries(printed(store)) == {
        "Heart rate": ("63 /min", "1 s"),
        "SpO2": ("97 %", "95 s · old"),
        "Cuff pressure": ("118/61 mmHg", "4 min"),
        "Nasopharyngeal temperature nasopharynx": ("36.0 °C", "3 s · questionable"),
    }
    assert entries(printed(Store(readings=[reading(HR, NOW_US, None, Quality.INVALID)]))) == {
        "Heart rate": ("– – /min", "0 s · invalid")
    }


def test_the_last_hour_is_the_median_of_each_5_minutes_and_a_gap_is_hatched() -> None:
    cuff = [(NOW_US - 50 * MINUTE_US, 118.0, 61.0), (NOW_US - 44 * MINUTE_US, 121.0, 66.0)]
    store = Store(readings=[reading(HR, at, value) for at, value in beats()])
    for at, sys, dia in cuff:
        store.readings += [reading(NIBP_SYS, at, sys), reading(NIBP_DIA, at, dia)]
    rows = numbers(printed(store))
    starts = [NOW_US - NOW_US % (5 * MINUTE_US) + (n - 11) * 5 * MINUTE_US for n in range(12)]
    assert rows[""] == ["13:20", *[f"13:{m}" for m in range(25, 60, 5)], "14:00", "14:05", "14:10", "14:15"]
    wanted = []
    for start in starts:
        values = [value for at, value in beats() if start <= at < start + 5 * MINUTE_US]
        wanted.append(f"{median_low(values):.0f}" if values else "gap")
    assert wanted[4:8] == [wanted[4], "gap", "gap", wanted[7]]
    assert rows["HR"] == wanted
    assert [cell for cell in rows["NIBP"] if "/" in cell] == ["118/61 13:28", "121/66 13:34"]
    assert rows["NIBP"][-1] == "gap", "the cuff has not measured for 44 minutes"


@pytest.mark.parametrize(
    ("server", "changes", "said"),
    [
        (Server.NONE, [], "server.none"),
        (Server.REACHED, [away()], "server.reached"),
        (Server.AWAY, [], "server.away"),
        (Server.UNKNOWN, [], "server.unknown"),
    ],
)
def test_it_says_of_the_server_what_is_known(server: Server, changes: list[Condition], said: str) -> None:
    assert f'<p class="state">{Words(Lang.EN)(said)}</p>' in printed(Store(changes=changes), server=server)


def test_a_condition_that_is_over_is_no_outage() -> None:
    over = away()
    ended = replace(over, time_us=NOW_US - MINUTE_US, alarm=replace(over.alarm, phase=AlarmPhase.END))
    html = printed(Store(changes=[over, ended]))
    assert Words(Lang.EN)("server.away") in html
    assert "14:02:43" not in html


def test_a_patient_is_named_by_a_device_that_is_received_alone() -> None:
    silent = replace(status(state=DeviceState.SILENT), patient=PATIENT)
    html = printed(Store(), devices=(silent,))
    assert "三丰" not in html
    assert "Patient as the monitor says: no patient told" in html


def test_a_demonstration_says_so() -> None:
    assert "演示 DEMO" in printed(Store(readings=[reading(HR, NOW_US, 61.0, demo=True)]))
    assert "DEMO" not in printed(Store(readings=[reading(HR, NOW_US, 61.0)]))


def test_an_icu_bed_goes_on_by_the_hour() -> None:
    sheet = printed(Store(), kind="icu").split('<section class="page')[-1]
    assert "ICU flowsheet" in sheet
    assert re.findall(r">(\d\d:\d\d)</text>", sheet) == [f"{(14 + 2 * n) % 24:02}:00" for n in range(12)]


def told(minutes: int, patient: PatientIdentity, device: str = "monitor") -> Identity:
    return Identity(bed=BED, device=device, time_us=NOW_US - minutes * MINUTE_US, identity=patient)


@pytest.mark.parametrize(
    ("said", "since_us"),
    [
        ([told(300, PATIENT), told(7, PatientIdentity(state="empty")), told(3, PATIENT)], 3),
        ([told(300, PATIENT), told(8, replace(PATIENT, ids={"patient_id": "00999"}))], 8),
        ([told(8, PATIENT)], 8),
        ([told(300, PATIENT), told(8, PatientIdentity(state="discharged"))], 8),
        ([told(300, PATIENT), told(8, replace(PATIENT, height_cm=171.0, ids={"patient_id": " 00123456"}))], None),
        ([told(61, PATIENT)], None),
        ([], None),
    ],
)
def test_what_may_be_of_the_patient_before_is_marked(said: list[Identity], since_us: int | None) -> None:
    store = Store(
        readings=[
            *(reading(HR, at, value) for at, value in beats()),
            *(reading(of, NOW_US - 9 * MINUTE_US, 90.0) for of in (NIBP_SYS, NIBP_DIA)),
            reading(TEMP, NOW_US - SECOND_US, 36.4),
        ],
        told=said,
    )
    html = printed(store)
    found = re.findall(r"monitor changed what it tells of its patient at (\S+):", html)
    heads = re.findall(r"<th scope=col>(\d\d:\d\d†?)</th>", html)
    if since_us is None:
        assert (found, "†" in html) == ([], False)
    else:
        assert found == [{3: "14:15:43", 8: "14:10:43"}[since_us]]
        assert entries(html)["Cuff pressure"][1].startswith("9 min · †")
        assert "†" not in entries(html)["Nasopharyngeal temperature nasopharynx"][1]
        assert [head[:5] for head in heads if head.endswith("†")] == [h[:5] for h in heads][: {3: 12, 8: 11}[since_us]]


def test_it_asks_for_the_time_at_which_the_patient_came() -> None:
    """Most devices tell of nobody."""
    for lang, line in ((Lang.ZH, "到床 ___:___"), (Lang.EN, "before this patient came (at ___:___)")):
        assert line in printed(Store(), lang=lang)
