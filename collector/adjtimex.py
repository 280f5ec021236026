"""What the kernel says of its clock's synchronisation. Reads only; nothing here can set a clock."""

import ctypes
from dataclasses import dataclass

# uapi/linux/timex.h
_STA_UNSYNC = 0x40
_TIME_ERROR = 5
_PPM = 65_536
MOST_ERROR_US = 2_000_000
"""The kernel lets its bound of the error grow by 500 µs a second since the last word of a server, and gives up at 16 s,
nine hours later. A server is asked every 34 minutes at the least (1 s), so 2 s mean that one was missed."""
_TIMEX_BYTES = 208
"""struct timex where a long has 8 bytes; elsewhere it is smaller."""


class _Timex(ctypes.Structure):
    """struct timex up to `status`, and room for the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_char * _TIMEX_BYTES),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class KernelClock:
    """error_s: the kernel's bound of its error; drift_ppm: by how much it corrects the rate of its crystal."""

    synchronised: bool
    error_s: float
    drift_ppm: float


def kernel_clock() -> KernelClock | None:
    """What the kernel says of the system clock; None where it cannot be asked."""
    try:
        ask = ctypes.CDLL(None).adjtimex
    except (AttributeError, OSError):
        return None
    said = _Timex()  # modes 0: nothing is changed
    state = int(ask(ctypes.byref(said)))
    if state < 0:
        return None
    return KernelClock(
        synchronised=state != _TIME_ERROR and not said.status & _STA_UNSYNC and said.maxerror < MOST_ERROR_US,
        error_s=said.maxerror / 1e6,
        drift_ppm=said.freq / _PPM,
    )


def synchronised() -> bool | None:
    """Whether the kernel calls the system clock synchronised (by NTP or PTP); None where it cannot be asked."""
    found = kernel_clock()
    return None if found is None else found.synchronised
