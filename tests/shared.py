"""The real device bytes beside the repository, and what a test does where they are not."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("VITALSD_SHARED", Path(__file__).parents[2] / "shared"))


def capture(*names: str) -> Path:
    """A file under ../shared/captures. Without it the test is skipped, but fails where CI=true."""
    path = SHARED.joinpath("captures", *names)
    if not path.exists():
        reason = f"no capture {'/'.join(names)}: set VITALSD_SHARED"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Bytes for the shared contract suite of a driver: chunks of a stream, or datagrams."""

    name: str
    chunks: tuple[bytes, ...]
    datagrams: bool = False
