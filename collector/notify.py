"""sd_notify: tells systemd that the daemon is ready, alive or stopping (sd_notify(3))."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send e.g. READY=1; does nothing where systemd has not asked for it or does not listen."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
    ):
        sock.sendto(state.encode(), address)


def watchdog_s() -> float | None:
    """How often WATCHDOG=1 is to be sent: half of what systemd allows; None where there is no watchdog."""
    allowed_us = os.environ.get("WATCHDOG_USEC")
    return int(allowed_us) / 2_000_000 if allowed_us else None
