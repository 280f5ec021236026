"""Association control: request, response, release, abort (fact sheet philips-intellivue §3)."""

from dataclasses import dataclass
from struct import Struct

from drivers.philips_intellivue.pdu import TICKS_PER_SECOND, MalformedError, attribute_list

REQUEST, ACCEPT, REFUSE = 0x0D, 0x0E, 0x0C
RELEASE, RELEASED, ABORT = 0x09, 0x0A, 0x19
"""First bytes of the messages (§3)."""

RELEASE_REQUEST = bytes.fromhex("0918c11661803080020101a08062808001000000000000000000")
RELEASE_RESPONSE = bytes.fromhex("0a18c11661803080020101a08063808001000000000000000000")
REFUSAL = bytes.fromhex("0c03320100")
"""One source only; nothing but its first byte is ever read (§3.3)."""
ABORTION = bytes.fromhex(
    "192e110103c129a080a0803080020101060251010000000061803080020101a080648080010100000000000000000000"
)

NUMERICS_1S, WAVES, ENUMERATIONS, NUMERIC_PRIORITIES = 0x80000000, 0x08000000, 0x04000000, 0x02000000
NUMERIC_PERIODS = 0xF0000000
"""Bits of ext_options (§3.1)."""

CLIENT, SERVER = 0x80000000, 0x00800000
COLD, HOT = 0x20000000, 0x80000000

_SESSION_DATA = bytes.fromhex("0508130100160102800014020002")
_REQUEST_PRESENTATION = bytes.fromhex(
    "3180a0808001010000a280a003000001a4803080020101060452010001308006025101000000003080020102060c2a8648ce140201000000"
    "01013080060c2a8648ce140201000000020100000000000061803080020101a0806080a180060c2a8648ce14020100000003010000be8028"
    "80060c2a8648ce140201000000010102010281"
)
_RESPONSE_PRESENTATION = bytes.fromhex(
    "3180a0808001010000a280a003000001a58030808001008102510100003080800100810c2a8648ce14020100000002010000000061803080"
    "020101a0806180a180060c2a8648ce14020100000003010000a203020100a305a103020100be80288002010281"
)
_TRAILER = bytes(16)
_USER_INFORMATION = b"\xbe\x80\x28\x80"
_DATA_TAG = b"\x81"
"""The user information follows this tag, with one or another way to it (§3.2, p.73 of the guide)."""

_STANDARD = Struct(">IIIII")
_PROFILE = Struct(">IIIIII")
_PROFILE_REVISION = 0x80000000
_DYNAMIC_OBJECTS = 0x60000000
_NO_BANDWIDTH_LIMIT = 0xFFFFFFFF
_POLL_PROFILE, _POLL_PROFILE_EXTENSION = 0x0001, 0xF001
_EXTENSION = Struct(">IHH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What a client asks for, or a monitor grants. MTUs in bytes as the monitor sees them."""

    min_poll_ticks: int
    max_rx: int
    max_tx: int
    ext_options: int

    @property
    def timeout_s(self) -> float:
        """How long the monitor keeps an association without a request (§3.4)."""
        period_s = self.min_poll_ticks / TICKS_PER_SECOND
        if period_s < 3.3:
            return 10.0
        return 3 * period_s if period_s <= 43 else 130.0


def request(profile: Profile) -> bytes:
    return _message(REQUEST, _REQUEST_PRESENTATION, _user_information(profile, CLIENT, COLD))


def response(profile: Profile) -> bytes:
    return _message(ACCEPT, _RESPONSE_PRESENTATION, _user_information(profile, SERVER, HOT))


def profile(message: bytes) -> Profile:
    """The poll profile of a request or response. Raises MalformedError or struct.error."""
    at = message.find(_USER_INFORMATION)
    at = message.find(_DATA_TAG, at + len(_USER_INFORMATION)) if at >= 0 else -1
    if at < 0:
        raise MalformedError("user information")
    information = _asn_content(message, at + 1)
    _, at = attribute_list(information, _STANDARD.size)
    supported, _ = attribute_list(information, at)
    if _POLL_PROFILE not in supported:
        raise MalformedError("poll profile")
    own = supported[_POLL_PROFILE]
    _, min_poll, max_rx, max_tx, _, _ = _PROFILE.unpack_from(own)
    packages, _ = attribute_list(own, _PROFILE.size)
    extension = packages.get(_POLL_PROFILE_EXTENSION, b"")
    ext_options = _EXTENSION.unpack_from(extension)[0] if len(extension) >= _EXTENSION.size else 0
    return Profile(min_poll_ticks=min_poll, max_rx=max_rx, max_tx=max_tx, ext_options=ext_options)


def _user_information(wanted: Profile, system: int, startup: int) -> bytes:
    extension = _EXTENSION.pack(wanted.ext_options, 0, 0)
    packages = _list(_POLL_PROFILE_EXTENSION, extension)
    numbers = (wanted.min_poll_ticks, wanted.max_rx, wanted.max_tx, _NO_BANDWIDTH_LIMIT, _DYNAMIC_OBJECTS)
    own = _PROFILE.pack(_PROFILE_REVISION, *numbers) + packages
    return _STANDARD.pack(0x80000000, 0x40000000, 0, system, startup) + bytes(4) + _list(_POLL_PROFILE, own)


def _list(identifier: int, value: bytes) -> bytes:
    """An AttributeList of one attribute."""
    return Struct(">HHHH").pack(1, len(value) + 4, identifier, len(value)) + value


def _message(kind: int, presentation: bytes, information: bytes) -> bytes:
    user_data = presentation + bytes((len(information),)) + information + _TRAILER
    content = _SESSION_DATA + b"\xc1" + bytes((len(user_data),)) + user_data
    return bytes((kind, len(content))) + content


def _asn_content(message: bytes, at: int) -> bytes:
    """What an ASNLength at `at` measures; long forms need not be minimal (§3)."""
    size = message[at]
    at += 1
    if size & 0x80:
        digits = size & 0x7F
        size = int.from_bytes(message[at : at + digits], "big")
        at += digits
    if at + size > len(message):
        raise MalformedError("user information length")
    return message[at : at + size]
