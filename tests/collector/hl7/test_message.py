import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from collector.hl7.message import Message, MessageError, compose, escape, parse, write
from tests.shared import capture

HEADER = b"MSH|^~\\&|A||||||ORU^R01|1|P|2.6\r"


def captured() -> Iterator[tuple[str, bytes, dict[str, Any]]]:
    """Every captured message without its frame, and what python-hl7 0.4.5 made of it."""
    expected = capture("hl7", "expected.json")
    for name, wanted in json.loads(expected.read_text(encoding="utf-8")).items():
        if name.endswith(".hl7"):
            data = Path(expected.parent, name).read_bytes()
            yield name, data[1:-2] if data.startswith(b"\x0b") else data, wanted


def rows(message: Message, name: str, fields: tuple[int, ...]) -> list[list[str]]:
    return [[segment.field(n) for n in fields] for segment in message.all(name)]


def as_listed(got: list[list[str]], wanted: list[list[str]]) -> list[list[str]]:
    """Rows with a value cut short where the list has it cut short: its beginning, and how many components it has."""
    listed = []
    for mine, theirs in zip(got, wanted, strict=True):
        row = []
        for sent, shown in zip(mine, theirs, strict=True):
            start = shown.partition("…(")[0]
            cut = shown != start and sent.startswith(start)
            row.append(f"{start}…({sent.count('^') + 1} values)" if cut else sent)
        listed.append(row)
    return listed


def test_every_capture_reads_as_expected() -> None:
    read = 0
    for name, data, wanted in captured():
        message = parse(data)
        read += 1
        assert message.header.field(9) == wanted["type"], name
        assert (message.type, message.trigger) == tuple((*wanted["type"].split("^"), "")[:2]), name
        assert message.control_id == wanted["control_id"], name
        assert message.version == wanted["version"], name
        assert message.header.field(18) == wanted["charset"], name
        names = [segment.name for segment in message]
        assert wanted["segments"] in (names, len(names)), name
        for key, segment, fields in (
            ("obx", "OBX", (2, 3, 4, 5, 6, 7, 8, 11, 14)),
            ("obr", "OBR", (3, 4, 7, 8, 29)),
            ("ft1", "FT1", (2, 6, 7, 10, 13, 20, 23, 25)),
            ("ail", "AIL", (2, 3, 6)),
        ):
            listed = wanted.get(key, [])
            assert as_listed(rows(message, segment, fields), listed) == listed, (name, key)
        if "pid_3" in wanted:
            pid = message.all("PID")[-1]
            assert (pid.field(3), pid.field(5)) == (wanted["pid_3"], wanted["pid_5"]), name
        if "pv1_3" in wanted:
            pv1 = message.all("PV1")[-1]  # the list has the last
            told = pv1.field(3), pv1.field(6), pv1.field(19)
            assert told == (wanted["pv1_3"], wanted["pv1_6"], wanted["pv1_19"]), name
        if "msa" in wanted:
            assert [message.first("MSA").field(n) for n in (1, 2, 3)] == wanted["msa"], name
    assert read > 80


def test_a_trail_byte_like_a_delimiter_splits_nothing() -> None:
    pid = parse(capture("hl7", "synthetic", "adt_A01_gbk_trailbyte_pipe.hl7").read_bytes()[1:-2]).first("PID")
    assert pid.components(5) == ["和", "珅", "", "", "", "", "L"]
    assert pid.field(8) == "M"
    name = "珅囗\\俓".encode("gb18030")
    assert parse(HEADER + b"PID|" + name + b"|x\r", "gb18030").first("PID").field(2) == "x"


def test_the_codec_is_that_of_the_header_else_of_the_connection() -> None:
    def text(told: str, sent: bytes, charset: str) -> str:
        header = f"MSH|^~\\&|||||||ORU^R01|1|P|2.6||||||{told}\r".encode("ascii")
        return parse(header + b"PID|" + sent + b"\r", charset).first("PID").field(1)

    assert text("", "中".encode("gb18030"), "gb18030") == "中"
    assert text("UNICODE UTF-8", "中".encode(), "gb18030") == "中"
    assert text("unicode utf-8", "中".encode("gb18030"), "gb18030") == "中"
    assert text("GB 18030-2000~UNICODE UTF-8", "中".encode("gb18030"), "utf-8") == "中"
    assert text("8859/1", b"\xfc", "utf-8") == "ü"
    assert text("EN^English^ISO639", "Ж".encode("cp1251"), "cp1251") == "Ж"
    assert text("UNICODE UTF-8", b"a\xff", "utf-8") == "a�"


def test_binary_segments_stay_bytes() -> None:
    data = capture("hl7", "synthetic", "pds_157_waves.hl7").read_bytes()
    waves = parse(data[1:-2]).all("ZMW")
    assert len(waves) == 3
    assert all(wave.fields == ("ZMW",) for wave in waves)
    assert b"".join(b"ZMW|" + wave.body + b"\r" for wave in waves) == data[data.index(b"ZMW") : -2]
    printed = capture("hl7", "mindray-pds", "zmw_1152_pleth_fixed.bin").read_bytes()
    assert parse(HEADER + printed + b"\r").first("ZMW").body == printed[4:].rstrip(b"\r")


def test_delimiters_are_those_of_the_header() -> None:
    message = parse(b"MSH#*!?%#A##########\rPID#a*b%c!d?S?#e\r")
    pid = message.all("PID")[-1]
    assert pid.components(1) == ["a", "b%c"]
    assert pid.component(1, 2, 2) == "c"
    assert pid.component(1, repetition=2) == "d*"
    assert pid.field(2) == "e"


def test_a_field_is_written_anew_with_the_standard_delimiters() -> None:
    pid = parse(b"MSH#*!?%#A##########\rPID#a*b%c|!d?F?^\r").first("PID")
    assert pid.standard(1) == "a^b&c\\F\\~d#\\S\\"


def test_damaged_encoding_characters_mean_no_escapes() -> None:
    message = parse(b"MSH|^~&&|A||||||ORU^R01|1|P|2.6\rPID|a&b\\F\\c\r")
    assert message.first("PID").component(1, 1, 2) == "b\\F\\c"
    assert parse(b"MSH|^~\\|A||||||\rPID|a&b\r").first("PID").component(1, 1, 2) == "b"


@pytest.mark.parametrize(
    ("sent", "meant"),
    [
        ("a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\", "a|b^c&d~e\\"),
        ("x\\X0D41\\y", "x\rAy"),
        ("line\\.br\\line", "line\nline"),
        ("\\H\\loud\\N\\ \\Z01\\", "loud "),
        ("5\\ 6 \\F\\7", "5\\ 6 |7"),
        ("open\\", "open\\"),
        ("\\Xzz\\", ""),
    ],
)
def test_escapes(sent: str, meant: str) -> None:
    assert parse(HEADER + f"NTE|{sent}\r".encode()).first("NTE").component(1) == meant


def test_what_is_written_is_read() -> None:
    odd = "a|b^c~d\\e&f\rg\nh\x0b\x1c 中"
    data = write([["MSH", "X", "", "", "", "", "", "ORU^R01", "7"], ["PID", "", compose("A", odd, ""), escape(odd)]])
    message = parse(data)
    assert message.first("PID").components(2) == ["A", odd]
    assert message.first("PID").component(3) == odd
    assert (message.header.field(3), message.control_id) == ("X", "7")
    assert data.startswith(b"MSH|^~\\&|X||||||ORU^R01|7\rPID||A^")
    assert parse(write([["MSH"], ["PID", "珅"]], "gb18030"), "gb18030").first("PID").field(1) == "珅"


def test_what_is_not_there_is_empty() -> None:
    message = parse(HEADER)
    assert "PID" not in message
    assert message.all("PID") == ()
    assert message.first("PID").field(5) == message.first("PID").component(5, 3) == ""
    assert message.first("PID").components(5) == message.first("PID").repetitions(5) == ()
    assert (
        message.header.component(10, 2)
        == message.header.component(10, 1, 2)
        == message.header.component(3, 1, 1, 2)
        == ""
    )


@pytest.mark.parametrize(
    "data", [b"", b"MSH", b"PID|1\r", b"MSHA^~\\&|x\r", b"MSH\xff^~\\&|x\r", b"MSH||x|||\r", b"MSH|\xff~\\&|x"]
)
def test_what_has_no_header_is_no_message(data: bytes) -> None:
    with pytest.raises(MessageError):
        parse(data)
