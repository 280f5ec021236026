"""`vitalsd journal`: what a person learns of a journal, and gets out of it."""

import json
from pathlib import Path

import pytest

from collector.journal import Journal, Limits
from collector.journal.ranges import Ranges
from tests.journal.entries import one_of_each, piece, seconds
from tests.journal.test_rescue import blank, pages_of
from tests.system.command import run
from tests.system.test_commands import BED


@pytest.fixture
def bed(tmp_path: Path) -> Path:
    recording = tmp_path / "x.raw"
    recording.write_bytes(bytes(10))
    file = tmp_path / "bed.toml"
    file.write_text(
        BED.format(driver="ge-datex-dri", port=f"replay://{recording}", journal=tmp_path / "journal.db"),
        encoding="utf-8",
    )
    return file


def lines(file: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_a_sound_journal_is_described_also_while_it_is_written(bed: Path, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", ["timescale"])
    journal.append([*one_of_each(), *seconds(10, 20)])
    journal.append(one_of_each()[:3])
    journal.done("timescale", Ranges.of((1, 100)))
    done = run("journal", bed, "verify")
    assert done.returncode == 0
    told = done.stdout
    assert "212 readings from 2026-01-01T00:00:00.000000Z to 2026-01-01T00:00:19.019000Z" in told
    assert "2 pieces of waves" in told
    assert "changed nothing: 3; another value for the same time: 0" in told
    assert f"reader timescale: {217 - 100} not delivered" in told
    assert told.splitlines()[-1] == "sound"
    journal.close()


def test_what_was_given_up_is_told_by_channel(bed: Path, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db", ["timescale"], Limits(max_bytes=1))
    journal.append([piece(0, range(250)), *seconds(0, 2, channels=1)])
    while journal.tidy(0):
        pass
    journal.close()
    told = run("journal", bed, "verify").stdout
    assert "given up for want of room: monitor MDC_ECG_ELEC_POTL_II 0102 measured: 1 entries, 250 samples" in told
    assert "given up for want of room: monitor VND_TEST_0 0 measured: 2 entries, 0 samples" in told


def test_damage_is_told_and_the_rest_exported(bed: Path, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    journal = Journal.open(path)
    journal.append([*seconds(0, 500), piece(1, [1, 2, 3])])
    journal.close()
    assert run("journal", bed, "export", "--out", tmp_path / "whole").returncode == 0
    blank(path, pages_of(path, "obs")[0] + 40)
    done = run("journal", bed, "verify")
    assert done.returncode == 1
    assert "DAMAGED" in done.stdout
    assert "sound" not in done.stdout
    assert "Traceback" not in done.stderr
    done = run("journal", bed, "export", "--out", tmp_path / "rest")
    assert done.returncode == 0
    assert "could not be read" in done.stdout
    whole, rest = (lines(tmp_path / name / "readings.jsonl") for name in ("whole", "rest"))
    assert len(whole) == 10_000
    assert 5_000 < len(rest) < 10_000
    assert all(line in whole for line in rest[::50])


def test_an_export_says_everything(bed: Path, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    journal.append(one_of_each())
    journal.close()
    done = run("journal", bed, "export", "--out", tmp_path / "out")
    assert done.stderr == ""
    assert "12 in readings.jsonl, 2 in waves.jsonl, 1 in conditions.jsonl, 2 in identities.jsonl" in done.stdout
    out = tmp_path / "out"
    who = {"bed": "OR-3", "device": "monitor"}
    assert {
        **who, "code": "MDC_VENT_MODE", "source": "mode", "role": "set", "site": "", "unit": "",
        "time": "2026-01-01T00:00:00.000000Z", "value": None, "text": "SIMV±PS 压力支持", "quality": "valid",
        "demo": False,
    } in lines(out / "readings.jsonl")  # fmt: skip
    assert lines(out / "waves.jsonl")[0] == {
        **who, "code": "MDC_ECG_ELEC_POTL_II", "source": "0102", "role": "measured", "site": "", "unit": "mV",
        "start": "2026-01-01T00:00:00.000000Z", "rate_hz": 250.0, "scale": 0.005, "offset": -1.5, "quality": "valid",
        "demo": False, "counts": [0, 1, -32_768, 32_767],
    }  # fmt: skip
    (condition,) = lines(out / "conditions.jsonl")
    assert (condition["source"], condition["text"], condition["device_time"]) == (
        "hr", "HR 高", "2026-01-01T00:00:00.000000Z",
    )  # fmt: skip
    assert {line.get("family", line.get("model")) for line in lines(out / "identities.jsonl")} == {"王", "MX800"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("verify",), "journal.db: there is no journal"),
        (("export",), "export needs --out DIR"),
        (("export", "--out", "/dev/null/x"), "there is no journal"),
        (("mend",), "mend"),
    ],
)
def test_a_mistake_has_a_reason(bed: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = run("journal", bed, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_with_something_in_it_is_left_alone(bed: Path, tmp_path: Path) -> None:
    Journal.open(tmp_path / "journal.db").close()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "readings.jsonl").write_text("precious")
    done = run("journal", bed, "export", "--out", tmp_path / "out")
    assert (done.returncode, "is not empty" in done.stderr) == (2, True)
    assert (tmp_path / "out" / "readings.jsonl").read_text() == "precious"


def test_a_row_that_makes_no_sense_does_not_keep_the_rest_from_being_exported(bed: Path, tmp_path: Path) -> None:
    journal = Journal.open(tmp_path / "journal.db")
    journal.append([*seconds(0, 10), piece(1, [1, 2, 3])])
    journal._db.execute("update obs set time = 9223372036854775807 where time = (select max(time) from obs)")
    journal._db.execute("update channel set site = x'ff00' where id = 1")
    journal.close()
    done = run("journal", bed, "export", "--out", tmp_path / "rest")
    assert done.returncode == 0, done.stderr
    assert "could not be read" in done.stdout
    assert len(lines(tmp_path / "rest" / "readings.jsonl")) >= 180
    assert "Traceback" not in run("journal", bed, "verify").stderr
