import pytest

from collector.hl7.acks import acknowledgement, wanted
from collector.hl7.message import Message, parse
from tests.shared import capture


def captured(*names: str) -> bytes:
    return capture("hl7", *names).read_bytes()[1:-2]


def asking(accept: str, application: str) -> Message:
    return parse(f"MSH|^~\\&|A||||||ORU^R01|1|P|2.6|||{accept}|{application}\r".encode())


@pytest.mark.parametrize(
    ("accept", "application", "well", "badly"),
    [
        ("", "", "AA", "AE"),
        ("AL", "NE", "CA", "CE"),
        ("NE", "NE", "", ""),
        ("ER", "NE", "", "CE"),
        ("SU", "NE", "CA", ""),
        ("", "AL", "AA", "AE"),
        ("", "NE", "", ""),
    ],
)
def test_the_message_says_which_answer_it_wants(accept: str, application: str, well: str, badly: str) -> None:
    message = asking(accept, application)
    assert (wanted(message), wanted(message, "CE")) == (well, badly)


def test_the_answers_are_those_of_the_examples() -> None:
    monitor = parse(captured("synthetic", "pcd01_monitor.hl7"))
    assert acknowledgement(monitor, "CA", control_id="A-1", time="20260305093005+0800") == (
        b"MSH|^~\\&|CHART|HOSP|AIMS-GW^0011223344556677^EUI-64|OR3|20260305093005+0800||ACK^R01^ACK|A-1|P|2.6"
        b"||||||UNICODE UTF-8\rMSA|CA|GW-000000101\r"
    )
    example = parse(captured("synthetic", "ack_original_AA.hl7"))
    assert example.first("MSA").fields[1:] == ["AA", "GW-000000101"]
    failed = parse(captured("synthetic", "ack_AE_err.hl7"))
    mine = parse(
        acknowledgement(
            parse(captured("synthetic", "case_02_S12_book.hl7")),
            "AE",
            control_id="A-3",
            text="room not configured",
            error="204^Unknown key identifier^HL70357",
        )
    )
    for name, fields in (("MSH", (3, 5, 9, 10, 11, 12)), ("MSA", (1, 2)), ("ERR", (3, 4))):
        assert [mine.first(name).field(n) for n in fields] == [failed.first(name).field(n) for n in fields]


def test_an_answer_is_in_the_charset_and_the_standard_delimiters() -> None:
    asked = parse("MSH#*!?%#和*珅######ACK*A01#一#P#2.5######GB 18030-2000\r".encode("gb18030"))
    answer = acknowledgement(asked, "AA", control_id="1|2", text="没有")
    read = parse(answer)
    assert read.header.components(5) == ["和", "珅"]
    assert (read.control_id, read.first("MSA").component(2), read.first("MSA").component(3)) == ("1|2", "一", "没有")
