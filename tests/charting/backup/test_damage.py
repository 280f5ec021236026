"""A damaged backup is named and refused, and nothing is touched."""

import json
import re
from collections.abc import Callable, Iterator
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from charting.backup.configured import job_of
from charting.backup.errors import BackupError
from charting.backup.folder import backups
from charting.backup.run import run_backup, run_restore
from charting.backup.tools import reason
from collector.errors import UsageError
from collector.journal import Journal
from tests.charting.backup.conftest import Done, Filled, bare, wrapped
from tests.store.delivering import rows

THERE = "select count(*) from pg_class as c join pg_namespace as n on n.oid = relnamespace where nspname = 'vitalsd'"


def flip(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 0x10
    file.write_bytes(data)


def flip_at(part: float, backup: Path) -> None:
    dump = backup / "database.dump"
    flip(dump, int(part * (dump.stat().st_size - 1)))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def edit(file: Path) -> None:
    """Somebody says that there was less."""
    said = json.loads(file.read_text())
    said["tables"] = [table for table in said["tables"] if table["name"] != "charting.entry"]
    file.write_text(json.dumps(said))


def reseal(backup: Path, name: str) -> None:
    """Make the sum fit the file again."""
    sums = backup / "SHA256SUMS"
    new = sha256((backup / name).read_bytes()).hexdigest()
    sums.write_text(re.sub(rf"^\w+  {name}$", f"{new}  {name}", sums.read_text(), flags=re.MULTILINE))


FLIPPED = "database.dump: is not what was written"
DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    **{f"a bit flips at {part:.0%}": (partial(flip_at, part), FLIPPED) for part in (0.0, 0.01, 0.5, 0.99, 1.0)},
    "the end is missing": (lambda b: truncate(b / "database.dump"), FLIPPED),
    "the dump is empty": (lambda b: (b / "database.dump").write_bytes(b""), FLIPPED),
    "the dump is missing": (lambda b: (b / "database.dump").unlink(), "database.dump: is missing"),
    "the manifest is missing": (lambda b: (b / "manifest.json").unlink(), "manifest.json: is missing"),
    "the manifest is edited": (lambda b: edit(b / "manifest.json"), "manifest.json: is not what was written"),
    "the sums are missing": (lambda b: (b / "SHA256SUMS").unlink(), "SHA256SUMS is missing"),
    "the sums are empty": (lambda b: (b / "SHA256SUMS").write_text(""), "SHA256SUMS is damaged"),
    "the sums are bytes": (lambda b: (b / "SHA256SUMS").write_bytes(b"\xff\xfe"), "SHA256SUMS is damaged"),
    "a bit of the sums flips": (lambda b: flip(b / "SHA256SUMS", 3), "SHA256SUMS is damaged"),
}


@pytest.fixture(scope="module")
def untouched(timescale: str) -> Iterator[str]:
    """The DSN of an empty database that stays so, whatever is tried."""
    with bare(timescale) as dsn:
        yield dsn
        assert rows(dsn, THERE) == [(0,)]


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_before_anything_is_touched(copy: Path, untouched: str, damage: str) -> None:
    do, named = DAMAGES[damage]
    do(copy)
    with pytest.raises(BackupError) as found:
        run_restore(copy, untouched, lambda _: None)
    assert any(named in said and copy.name in said for said in found.value.reasons)
    assert rows(untouched, THERE) == [(0,)]


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_damage_is_exit_status_1(typed: Callable[..., Done], copy: Path, untouched: str) -> None:
    flip(copy / "database.dump", 5_000)
    done = typed("restore", copy, untouched)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"vitalsd: {copy.name}/database.dump: is not what was written (SHA-256)\n"


def test_an_edited_manifest_whose_sum_fits_differs_from_what_is_restored(copy: Path, empty: str) -> None:
    edit(copy / "manifest.json")
    reseal(copy, "manifest.json")
    with pytest.raises(BackupError) as found:
        run_restore(copy, empty, lambda _: None)
    assert found.value.reasons == ("charting.entry: is not in the backup",)


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_sums_that_do_not_name_the_dump_are_no_sums(copy: Path, untouched: str) -> None:
    sums = copy / "SHA256SUMS"
    sums.write_text("".join(line for line in sums.read_text().splitlines(keepends=True) if "manifest" in line))
    with pytest.raises(BackupError, match=r"SHA256SUMS: does not name database\.dump"):
        run_restore(copy, untouched, lambda _: None)


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_a_form_that_is_newer_is_not_guessed(copy: Path, untouched: str) -> None:
    said = json.loads((copy / "manifest.json").read_text()) | {"format": 2, "vitalsd": "9.0.0"}
    (copy / "manifest.json").write_text(json.dumps(said))
    reseal(copy, "manifest.json")
    with pytest.raises(BackupError, match=r"made by another vitalsd \(9.0.0\)"):
        run_restore(copy, untouched, lambda _: None)


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_a_dump_that_was_damaged_as_it_was_written_is_noticed_by_its_trial_restore(
    source: Filled, scratch: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its sum is that of the damaged file. The reason names the table, and says nothing of its rows."""
    damage = """for each in "$@"; do case "$each" in --file=*) FILE="${each#--file=}";; esac; done
"$REAL" "$@" && printf 'XXXX' | dd of="$FILE" bs=1 seek=$(($(stat -c %s "$FILE") / 4 * 3)) conv=notrunc status=none"""
    wrapped("pg_dump", tmp_path, damage, monkeypatch)
    with pytest.raises(BackupError) as found:
        run_backup(job_of(source.dsn, tmp_path), lambda _: None)
    (said,) = found.value.reasons
    assert said.startswith("pg_restore: ")
    (backup,) = backups(tmp_path)
    assert not backup.tested
    assert not rows(source.dsn, "select datname from pg_database where starts_with(datname, %s)", scratch)


def test_an_earlier_backup_that_the_disk_has_changed_is_noticed_by_the_next_run(tmp_path: Path) -> None:
    Journal.open(tmp_path / "journal.db").close()
    job = job_of(f"sqlite:///{tmp_path}/journal.db", tmp_path)
    run_backup(job, lambda _: None)
    (made,) = backups(tmp_path)
    old = made.path.rename(tmp_path / f"{made.database}-20260101T000000Z")
    flip(old / "database.db", 100)
    with pytest.raises(BackupError) as found:
        run_backup(job, lambda _: None)
    assert found.value.reasons == (f"{old.name}/database.db: is not what was written (SHA-256)",)
    assert [backup.tested for backup in backups(tmp_path)] == [True, True]


@pytest.mark.parametrize("source", ["timescale"], indirect=True)
def test_a_folder_that_is_no_backup_is_the_callers_mistake(source: Filled, untouched: str) -> None:
    with pytest.raises(UsageError, match=f"it holds {source.backup.name}"):
        run_restore(source.backup.path.parent, untouched, lambda _: None)


ERROR = "pg_restore: error: COPY failed for table"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            f'{ERROR} "obs": ERROR:  invalid input syntax for type integer: "王小明"\nCONTEXT:  line 1: "王小明"',
            'COPY failed for table "obs": ERROR: invalid input syntax for type integer: "…"',
        ),
        (
            f'{ERROR} "case_row": ERROR:  duplicate key value\nDETAIL:  Key (a)=(王小明).',
            'COPY failed for table "case_row": ERROR: duplicate key value',
        ),
        ("pg_dump: detail: x\npg_dump: error: no snapshot\n", "no snapshot"),
        ("", "ended without a reason"),
    ],
)
def test_reasons_of_programs_hold_no_row(said: str, told: str) -> None:
    assert reason(said) == told
