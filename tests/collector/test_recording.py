from pathlib import Path

import pytest

from collector.clock import RESTART_US, RecordingClock
from collector.errors import UsageError
from collector.recording import recording


def test_raw_bytes_are_read_whatever_the_ending(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(bytes(range(256)) * 1000)
    got = recording(tmp_path / "x.bin")
    assert b"".join(got.chunks()) == bytes(range(256)) * 1000
    assert not got.datagrams


def test_hex_lines_are_chunks_of_the_device(tmp_path: Path) -> None:
    (tmp_path / "x.hex").write_text("# a comment\n> 01 02\n\n< 7E 0a # tail\n7e0B\n", encoding="utf-8")
    got = recording(tmp_path / "x.hex")
    assert (list(got.chunks()), got.datagrams) == ([b"\x7e\x0a", b"\x7e\x0b"], True)


@pytest.mark.parametrize("line", ["7E 0", "zz", "> < 7E\n0x7E"])
def test_a_line_that_is_not_hex_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.hex").write_text(f"00\n{line}\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"x\.hex:[23]: not hex"):
        list(recording(tmp_path / "x.hex").chunks())


def test_a_missing_file_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        recording(tmp_path / "no.raw")


def test_a_recordings_clock_follows_the_devices_ticks() -> None:
    clock = RecordingClock(1000)
    for tick, expected in ((500, 1000), (None, 1000), (700, 1200), (690, 1190), (10_700, 11_200)):
        clock.tick(tick)
        assert clock.utc_us == expected


def test_a_device_that_restarted_goes_on_from_where_it_was() -> None:
    clock = RecordingClock(0)
    clock.tick(0)
    clock.tick(RESTART_US + 1)
    clock.tick(0)
    assert clock.utc_us == RESTART_US + 1
    clock.tick(5)
    assert clock.utc_us == RESTART_US + 6
