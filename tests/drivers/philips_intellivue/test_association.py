"""Association messages (fact sheet §3)."""

import pytest

from drivers.philips_intellivue import association, requests
from drivers.philips_intellivue.association import Profile
from drivers.philips_intellivue.frames import Serial
from drivers.philips_intellivue.pdu import MDS, WAVE, WAVE_LIST, MalformedError
from tests.drivers.philips_intellivue import vectors as v
from tests.shared import capture


def payloads(name: str) -> list[bytes]:
    return [piece.payload for piece in Serial().feed(capture("intellivue", name).read_bytes())]


def test_our_requests_are_those_of_a_real_client_byte_for_byte() -> None:
    request, confirmation, wave_list, poll, *_ = payloads("rs232-msick2-client-1.repaired.bin")
    asked = Profile(min_poll_ticks=0, max_rx=700, max_tx=700, ext_options=0x88000000)
    assert association.profile(request) == asked
    assert association.request(asked) == request
    assert requests.mds_create_result(1, 0x00484700) == confirmation
    assert requests.set_list(2, WAVE_LIST, (0x00020102, 0x00024BB4)) == wave_list
    assert requests.extended_poll(3, WAVE, 0x0803, 15.0) == poll


def test_our_single_poll_is_that_of_the_sheet() -> None:
    expected = "E1000002 0001001C 03E9 0007 0016 0021 0000 0000 00000000 0C16 0008 03E9 0001 0021 0000"
    assert requests.single_poll(0x03E9, MDS, 0) == bytes.fromhex(expected)


def test_what_monitors_granted() -> None:
    granted = association.profile(v.ACCEPT)
    assert granted == Profile(min_poll_ticks=4000, max_rx=1000, max_tx=1456, ext_options=0x80000000)
    assert association.response(granted) == v.ACCEPT
    assert association.profile(payloads("rs232-msick2-monitor-1.repaired.bin")[0]) == Profile(
        min_poll_ticks=4000, max_rx=700, max_tx=996, ext_options=0x88000000
    )


def test_long_and_short_length_forms_are_read() -> None:
    """LI in its FF form, ASNLength not minimal, the short way to the user information (§3, §3.2)."""
    information = v.ACCEPT[v.ACCEPT.index(b"\x02\x01\x02\x81") + 5 : -16]
    content = b"\xbe\x80\x28\x80\x81\x82\x00" + bytes((len(information),)) + information + bytes(16)
    long = b"\x0e\xff" + (len(content) + 300).to_bytes(2, "big") + b"\xc1\xff\x01\x00" + content
    assert association.profile(long) == association.profile(v.ACCEPT)


@pytest.mark.parametrize("message", [b"\x0e", v.ACCEPT[:150], v.ACCEPT.replace(b"\xbe\x80\x28\x80", b"\0\0\0\0")])
def test_a_response_without_user_information_is_malformed(message: bytes) -> None:
    with pytest.raises(MalformedError):
        association.profile(message)


@pytest.mark.parametrize(
    ("period_s", "timeout_s"), [(0.5, 10.0), (3.2, 10.0), (3.3, 9.9), (40.0, 120.0), (43.0, 129.0), (44.0, 130.0)]
)
def test_how_long_a_monitor_waits(period_s: float, timeout_s: float) -> None:
    granted = Profile(min_poll_ticks=round(period_s * 8000), max_rx=0, max_tx=0, ext_options=0)
    assert granted.timeout_s == pytest.approx(timeout_s)
