"""What runs on a gateway: its systemd units, found by their files, and systemctl."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from collector.config import load, read
from collector.errors import UsageError, VitalsdError

CHARTING = "charting.toml"
_IDLE = {"inactive", "unknown"}
_RESTART_S = 180.0
"""systemd gives a unit 90 s to end and 90 s to start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """metrics: where a bed's daemon tells how it is, None of what is no bed; beds: for which it speaks."""

    name: str
    metrics: tuple[str, int] | None = None
    beds: tuple[str, ...] = ()


def units(folder: Path) -> list[Unit]:
    """Those of the files in a folder, the charting first: beds need not wait for it.

    Raises UsageError with every mistake that this version finds in them.
    """
    found: list[Unit] = []
    reasons: list[str] = []
    for path in sorted(folder.glob("*.toml")):
        try:
            data = read(path)
            if "bed" in data:
                found.append(_bed(path))
            elif "charting" in data and path.name == CHARTING:
                found.insert(0, Unit(name="vitalsd-charting.service"))
        except UsageError as error:
            reasons += error.reasons
    if reasons:
        raise UsageError(*reasons)
    return found


def _bed(path: Path) -> Unit:
    config = load(path)
    if config.metrics is None:
        raise UsageError(f"{path}: metrics: is missing, and shows the updater how the bed is")
    return Unit(name=f"vitalsd@{path.stem}.service", metrics=config.metrics.address, beds=tuple(config.beds))


def state(unit: str) -> str:
    """As systemd calls it: active, inactive, failed, … Raises VitalsdError."""
    return _systemctl("is-active", unit).stdout.strip()


def is_running(unit: str) -> bool:
    """Whether it runs or is meant to: one that has failed is."""
    return state(unit) not in _IDLE


def restart(unit: str) -> bool:
    """Return when it is ready, or False where it has not become so. Raises VitalsdError."""
    _systemctl("reset-failed", unit)  # one that failed too often starts all the same
    return _systemctl("restart", unit).returncode == 0


def _systemctl(*arguments: str) -> "subprocess.CompletedProcess[str]":
    try:
        return subprocess.run(
            ["systemctl", *arguments], capture_output=True, text=True, timeout=_RESTART_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VitalsdError(f"systemctl {arguments[0]}: {error}") from None
