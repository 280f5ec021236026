"""The readers themselves: published and made-up samples pass, a broken message does not."""

import pytest

from tests.oracles.hl7 import parsed
from tests.shared import capture

GOOD = (
    "MSH|^~\\&|AIMS||HIS||20260305113000+0800||MDM^T02^MDM_T02|7|P|2.6|||AL|NE|CHN||UNICODE UTF-8\r"
    "EVN||20260305113000+0800\r"
    "PID|||P1^^^H^MR||张\\T\\三\r"
    "PV1||I|OR^3\r"
    "TXA|1|AN|TX|||||||||D1|||||LA\r"
    "OBX|1|TX|1^text||a\\F\\b||||||F\r"
).replace("CHN||UNI", "CHN|UNI")


@pytest.mark.parametrize("name", ["pcd01_monitor", "pcd04_1_start", "dft_P03_charge", "case_02_S12_book"])
def test_samples_are_read_by_both(name: str) -> None:
    body = capture("hl7", "synthetic", f"{name}.hl7").read_bytes().strip(b"\x0b\x1c\r") + b"\r"
    assert parsed(body).type[:3] in {"ORU", "DFT", "SIU"}


def test_values_are_read() -> None:
    read = parsed(GOOD.encode())
    assert (read.type, read.control, read.version, read.charset) == ("MDM^T02^MDM_T02", "7", "2.6", "UNICODE UTF-8")
    assert (read.text("PID", 5), read.text("OBX", 5)) == ("张&三", "a|b")
    assert read.names == ["MSH", "EVN", "PID", "PV1", "TXA", "OBX"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("TXA|1|AN|TX|||||||||D1|||||LA\r", ""),  # a segment that the structure requires
        ("EVN||20260305113000+0800\r", "EVN||20260305113000+0800\rEVN||20260305113000+0800\r"),
        ("TXA|1|AN|", "TXA|1||"),  # a field that is required
        ("|F\r", "|F|||\r"),
        ("\r", "\n"),
        ("PV1||I|OR^3\r", "PV1||I|OR^3\rFT1|1\r"),
        ("PID|||P1^^^H^MR|", "PID||||"),
    ],
)
def test_a_broken_message_is_not(before: str, after: str) -> None:
    with pytest.raises(Exception, match=r".*"):
        parsed(GOOD.replace(before, after).encode())


def test_a_charset_that_is_not_told_is_found() -> None:
    with pytest.raises(UnicodeDecodeError):
        parsed(GOOD.encode("gb18030"))
    assert parsed(GOOD.replace("UNICODE UTF-8", "GB 18030-2000").encode("gb18030")).text("PID", 5) == "张&三"
