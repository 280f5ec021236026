"""What a message must not be: each is refused with place and reason, and the reason says nothing of the patient."""

import json
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charting.inbox.document import Unreadable
from charting.inbox.template import load
from charting.inbox.times import iso_date, time_us
from collector.errors import UsageError
from tests.charting.inbox.rendered import as_json, as_soap
from tests.charting.inbox.test_adapters import JSON, SOAP
from tests.contracts.inbox_adapters import DAY

ADMIT, BOOK, MERGE = DAY[0], DAY[1], DAY[7]
BILLION = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def changed(path: str, value: Any) -> bytes:
    """The booking with another value at a place, None: without it."""
    told = json.loads(as_json(BOOK))
    *way, last = path.split(".")
    inside = told
    for name in way:
        inside = inside[name]
    inside[last] = value
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "line 1 column 1: not JSON"),
        (b'{"a": ', "line 1 column 7: not JSON"),
        (b"[]", "not told"),
        (b"7", "expected an object on the way"),
        (b'{"a": NaN}', "message: holds a number that is none"),
        ('{"事件": "入院", "事件": "出院"}'.encode(), "message: an object says the same name twice"),
        (b"[" * 100_000, "message: nested too deeply"),
        ("姓名".encode("gb18030"), "byte 0: not UTF-8"),
        (changed("事件", "结算"), "事件, 操作: is none of words.kind"),
        (changed("事件", None), "事件, 操作: not told"),
        (changed("事件", ["入院"]), "事件: expected a text"),
        (changed("发生时间", "昨天上午"), "发生时间: not a time with hour and minute"),
        (changed("发生时间", "2026-03-04"), "发生时间: not a time with hour and minute"),
        (changed("手术", {}), "手术.申请单号: not told"),
        (changed("手术.计划开始", "9:00"), "手术.计划开始: not a time with hour and minute"),
        (changed("患者.姓名", "张\x00三"), "患者.姓名: holds control characters"),
        (changed("患者.姓名", "\ud800"), "患者.姓名: holds control characters"),
        (changed("患者.姓名", "张" * 4001), "患者.姓名: longer than 4000 characters"),
        (changed("患者", "张测试"), "expected an object on the way"),
        (as_json(ADMIT).replace(b"P0000123", b""), "患者.病案号: not told"),
        (as_json(MERGE).replace(b"P0000999", b""), "患者.原病案号: not told"),
    ],
)  # fmt: skip
def test_json_that_cannot_be_believed_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        JSON(raw)
    assert said in str(refused.value)
    assert not [word for word in ("张", "P0000", "结算", "昨天") if word in str(refused.value)]


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"", "not XML"),
        (b"<a>", "line 1 column 3: not XML"),
        (f"<!DOCTYPE a [<!ENTITY l0 'ha'>{BILLION}]><a>&l9;</a>".encode(), "line 1: a DTD is not read"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "line 1: a DTD is not read"),
        (b"<a>&lol;</a>", "not XML: undefined entity"),
        (b"<a>" * 100_000, "line 1: nested too deeply"),
        (b'<?xml version="1.0" encoding="UTF-16"?><a/>', "message: it is in a charset that is not read here"),
        (as_soap(ADMIT).replace(b"UTF-8", b"GB18030"), "not GB18030"),
        (as_soap(ADMIT).replace(b"<message>", b"<message/><message>"), ".//bus:message: stands there more than once"),
        (as_soap(ADMIT).replace(b"esb.example", b"other.example"), ".//bus:message: not told"),
        (as_soap(ADMIT).replace(b"<Request>", b"<!DOCTYPE a><Request>"), "line 1: a DTD is not read"),
        (as_soap(ADMIT).replace(b"<Name>", b"<Name><b/>"), "Patient/Name: expected a text"),
        (as_soap(ADMIT).replace(b"<Name>", b"<Name>Li</Name><Name>"), "Patient/Name: stands there more than once"),
        (as_soap(ADMIT).replace(b"<Event>", b"<Events>").replace(b"</Event>", b"</Events>"), ".//Event: not told"),
        (as_soap(BOOK).replace(b'applyNo="SS-9001"', b""), "Operation/@applyNo: not told"),
    ],
)  # fmt: skip
def test_xml_that_cannot_be_believed_is_refused(raw: bytes, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        SOAP(raw)
    assert said in str(refused.value)
    assert "张" not in str(refused.value)


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["事件", "患者", "手术", "姓名"]) | st.text(), inner)
    ),
    max_leaves=8,
)


@given(raw=st.binary() | JSONS.map(lambda value: json.dumps(value).encode()))
def test_anything_else_is_refused_as_clearly(raw: bytes) -> None:
    for read in (JSON, SOAP):
        with pytest.raises(Unreadable):
            read(raw)


@given(at=st.integers(0, 1500), noise=st.binary(max_size=3), cut=st.integers(0, 3))
def test_a_damaged_message_is_read_or_refused(at: int, noise: bytes, cut: int) -> None:
    for write, reading in ((as_json, JSON), (as_soap, SOAP)):
        raw = write(BOOK)
        try:
            read = reading(raw[:at] + noise + raw[at + cut :]).events
        except Unreadable:
            continue
        assert [event.kind in {"book", "cancel_booking"} for event in read] in ([], [True])


@given(
    at=st.datetimes(datetime(1980, 1, 1), datetime(2099, 12, 31)),  # noqa: DTZ001
    zone_min=st.integers(-720, 840),
    form=st.sampled_from(
        ["{:%Y-%m-%d %H:%M:%S}", "{:%Y/%m/%d %H:%M:%S.%f}", "{:%Y%m%d%H%M%S}", "{:%Y年%m月%d日 %H:%M}"]
    ),
)
def test_a_time_is_read_as_it_was_written(at: datetime, zone_min: int, form: str) -> None:
    said = form.format(at)
    at = at.replace(tzinfo=timezone(timedelta(minutes=zone_min)))
    exact = at.replace(microsecond=at.microsecond if "f" in form else 0, second=at.second if "%S" in form else 0)
    sign = "-" if zone_min < 0 else "+"
    told = f"{said}{sign}{abs(zone_min) // 60:02}{abs(zone_min) % 60:02}"
    assert time_us(told, "Asia/Shanghai") == (exact - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-03-04 10:15", "2026-03-04T02:15:00+00:00"),
        ("2026/3/4 9:05:07", "2026-03-04T01:05:07+00:00"),
        ("2026-03-04T02:15:00Z", "2026-03-04T02:15:00+00:00"),
        ("202603041015", "2026-03-04T02:15:00+00:00"),
        ("1772590500000", "2026-03-04T02:15:00+00:00"),
        ("2026-03-04T10:15:00.25+08:00", "2026-03-04T02:15:00.250000+00:00"),
    ],
)
def test_a_time_without_a_zone_is_the_sites(text: str, told: str) -> None:
    expected = datetime.fromisoformat(told)
    assert time_us(text, "Asia/Shanghai") == round(expected.timestamp() * 1e6)


@pytest.mark.parametrize(
    "text", ["", "2026-03-04", "20260304", "2026030410", "1772590500", "2026-13-04 10:15", "2026-03-04 25:00", "10:15",
             "04/03/2026 10:15", "2026-03-04 10:15 PM", "2026-02-30 10:15", "２０２６-03-04 10:15"],
)  # fmt: skip
def test_what_could_be_two_times_is_none(text: str) -> None:
    assert time_us(text, "Asia/Shanghai") is None


@pytest.mark.parametrize(
    ("text", "day"),
    [("1970-01-01", "1970-01-01"), ("19700101", "1970-01-01"), ("1970/1/1 0:00:00", "1970-01-01"),
     ("1970年1月1日", "1970-01-01"), ("19700101000000", "1970-01-01"), ("1970", None), ("不详", None),
     ("1970-02-30", None), ("01/01/1970", None)],
)  # fmt: skip
def test_a_day_of_birth_is_a_day_or_nothing(text: str, day: str | None) -> None:
    assert iso_date(text) == day


@pytest.mark.parametrize(
    ("line", "mistake", "said"),
    [
        ('kind = ["event", "action"]', 'kind = "a b["', "'a b[' is no path"),
        ('number = "inpatient_no"', "", "message.number: is missing"),
        ('name = "name"', 'nmae = "name"', "patient"),
        ('"转科" = "transfer"', '"转科" = "move"', "words.kind"),
        ('"主刀医师" = "surgeon"', '"主刀医师" = "butcher"', "words.role"),
        ('format = "json"', 'format = "json"\ncharset = "BIG5"', "charset: expected one of"),
        ("[words]", '[answer]\ngood = "{}"\nbad = "$who"\n[words]', "answer is not json"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_template_is_named(tmp_path: Path, line: str, mistake: str, said: str) -> None:
    text = files("charting.inbox").joinpath("templates", "view.toml").read_text(encoding="utf-8")
    assert line in text
    if "kind =" in line:
        text = text.replace('format = "json"', 'format = "soap"')
    file = tmp_path / "site.toml"
    file.write_text(text.replace(line, mistake), encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load(file)
    assert said in str(refused.value)
