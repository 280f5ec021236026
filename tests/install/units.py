"""The units as they are delivered, and what systemd-analyze says of them."""

import re
from collections.abc import Callable
from pathlib import Path

FILES = sorted(path for path in Path("systemd").iterdir() if path.suffix in {".service", ".timer"})
UNITS = [file.name.replace("@.", "@OR-03.") for file in FILES]
SERVICES = [unit for unit in UNITS if unit.endswith(".service")]
MOST_EXPOSED = 2.0
"""Of 10, as the customer's issue has it."""

Analyze = Callable[..., tuple[int, str]]
"""Arguments of systemd-analyze → its status, and all that it printed."""


def check_sound(analyze: Analyze) -> None:
    """Not a word: an unknown key or value is only a line of text to systemd-analyze, and no error."""
    status, told = analyze("verify", *UNITS)
    assert not told, told
    assert status == 0


def check_exposure(analyze: Analyze) -> None:
    for service in SERVICES:
        _, told = analyze("security", "--offline=yes", service)
        (exposure,) = re.findall(r"Overall exposure level for \S+: ([\d.]+)", told)
        assert float(exposure) <= MOST_EXPOSED, told
