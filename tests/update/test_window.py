"""When a gateway may update itself."""

from datetime import UTC, date, datetime, time
from pathlib import Path

import pytest

from collector.errors import UsageError
from collector.update.config import load
from collector.update.window import DAYS, Window, times

NIGHT = Window(begin=time(2), end=time(5), days=DAYS, blackout=(), zone="Asia/Shanghai")
LATE = Window(begin=time(22), end=time(4), days=("fri",), blackout=(date(2026, 10, 2),), zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("window", "utc", "opens"),
    [
        (NIGHT, "2026-11-25T17:59:59", False),  # 01:59:59 there
        (NIGHT, "2026-11-25T18:00:00", True),
        (NIGHT, "2026-11-25T20:59:59", True),
        (NIGHT, "2026-11-25T21:00:00", False),
        (LATE, "2026-11-27T13:59:59", False),  # Friday 21:59:59
        (LATE, "2026-11-27T14:00:00", True),
        (LATE, "2026-11-27T19:59:59", True),  # Saturday 03:59:59, of Friday's window
        (LATE, "2026-11-27T20:00:00", False),
        (LATE, "2026-11-26T19:00:00", False),  # Friday 03:00, of Thursday's
        (LATE, "2026-11-28T15:00:00", False),  # Saturday 23:00
        (LATE, "2026-10-02T15:00:00", False),  # Friday, but
        (LATE, "2026-10-02T19:00:00", False),
        (LATE, "2026-10-09T15:00:00", True),
    ],
)
def test_it_is_open_by_the_clock_of_the_site(window: Window, utc: str, opens: bool) -> None:
    assert window.is_open(datetime.fromisoformat(utc).replace(tzinfo=UTC)) is opens


def test_a_date_on_which_nothing_is_updated_holds_after_midnight_too() -> None:
    window = Window(begin=time(22), end=time(4), days=DAYS, blackout=(date(2026, 10, 2),), zone="Asia/Shanghai")
    assert not window.is_open(datetime(2026, 10, 1, 17, tzinfo=UTC))  # the 2nd, 01:00, of the window of the 1st
    assert window.is_open(datetime(2026, 10, 1, 15, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "2-5", "02:00", "02:00-25:00", "02:00-02:00", "02:00–05:00"])
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected two times|begins when it ends"):
        times(text)


def test_the_example_is_good() -> None:
    section = load(Path("config/update.toml"))
    assert (section.opening.begin, section.opening.end, section.zone) == (time(2), time(5), "Asia/Shanghai")


def test_every_mistake_is_named(tmp_path: Path) -> None:
    file = tmp_path / "update.toml"
    file.write_text(
        '[update]\nwindow = "x"\ndays = ["moon"]\nblackout = ["soon"]\ngate_minutes = 0\n', encoding="utf-8"
    )
    with pytest.raises(UsageError) as caught:
        load(file)
    assert [reason.split(": ")[1] for reason in caught.value.reasons] == [
        "update.window", "update.days[0]", "update.blackout[0]", "update.gate_minutes",
    ]  # fmt: skip
