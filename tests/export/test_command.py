"""`vitalsd export` as a person types it."""

import json
import os
import subprocess
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
import psycopg
import pytest
import wfdb
from numpy.typing import NDArray
from psycopg.conninfo import make_conninfo

from collector.errors import UsageError
from collector.export import Format, export, selection
from collector.journal import Journal
from collector.migrate import migrate
from tests.export.files import table
from tests.journal.entries import BED, HEART_RATE, piece, reading
from tests.shared import capture
from tests.system.command import VITALSD, decoded, run

DAY = ("--from", "2026-01-01T00:00:00Z", "--to", "2026-01-02T08:00:00+08:00")


@pytest.fixture
def dsn(tmp_path: Path) -> str:
    journal = Journal.open(tmp_path / "journal.db")
    journal.append([reading(HEART_RATE, 1, 60.0), piece(1, range(250)), piece(3, range(250))])
    journal.close()
    return f"sqlite:///{tmp_path}/journal.db"


def refused(dsn: str, out: Path, bed: str = BED, codes: str = "", format_: Format = Format.PARQUET) -> str:
    with pytest.raises(UsageError) as caught:
        export(dsn, selection(bed, codes, DAY[1], DAY[3]), format_, out)
    (reason,) = caught.value.reasons
    return reason


@pytest.mark.parametrize("format_", list(Format))
def test_an_export_says_what_it_wrote(format_: Format, dsn: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    done = run("export", dsn, "--bed", BED, *DAY, "--format", format_, "--out", out)
    assert (done.returncode, done.stderr) == (0, "")
    files = {"wfdb": 5, "parquet": 3}[format_]
    assert json.loads(done.stdout) == {"values": 1, "conditions": 0, "samples": 500, "gaps": 1, "files": files}
    assert len(list(out.iterdir())) == files
    assert out.stat().st_mode & 0o077 == 0
    assert sorted(f.name for f in tmp_path.iterdir() if "journal" not in f.name) == ["out"]


def test_progress_is_shown_on_a_terminal(dsn: str, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [VITALSD, "export", dsn, "--bed", BED, *DAY, "--format", "parquet", "--out", str(tmp_path / "out")]
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, text=True) as process,
        os.fdopen(ours, "rb") as shown,
    ):
        os.close(theirs)
        lines = read_all(shown)
        assert process.stdout is not None
        assert json.loads(process.stdout.read())["values"] == 1
    assert process.returncode == 0
    assert b"bed OR-3" in lines
    assert b"100%" in lines


def read_all(terminal: BinaryIO) -> bytes:
    """Until the last process has closed the other side, which is an error of the terminal."""
    parts = []
    with suppress(OSError):
        while part := os.read(terminal.fileno(), 1 << 16):
            parts.append(part)
    return b"".join(parts)


def test_mistakes_are_told_in_a_line_each(dsn: str) -> None:
    arguments = ("--bed", BED, "--from", "2026-01-01T00:00", "--to", "tomorrow", "--format", "wfdb", "--out", "/x")
    done = run("export", dsn, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        f"vitalsd: {option} {text}: expected a time with its zone, as 2026-11-24T08:00:00+08:00 or …T00:00:00Z"
        for option, text in (("--from", "2026-01-01T00:00"), ("--to", "tomorrow"))
    ]


def test_what_cannot_be_exported_is_the_callers_mistake(dsn: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(UsageError, match="--to 2026-01-01T00:00:00Z is not after --from 2026-01-01T08:00:00"):
        selection(BED, "", "2026-01-01T08:00:00+08:00", "2026-01-01T00:00:00Z")
    nothing = "nothing of bed OR-9 from 2026-01-01T00:00:00.000000Z to 2026-01-02T00:00:00.000000Z"
    assert refused(dsn, out, "OR-9") == nothing
    assert refused(dsn, out, "OR-9", "A, B") == f"{nothing} with the codes A, B"
    assert refused(dsn, tmp_path) == f"--out {tmp_path}: expected a new or empty folder"
    assert refused(dsn, Path("/no/such/out")) == "--out /no/such/out: No such file or directory"
    assert refused(f"sqlite:///{tmp_path}/absent.db", out) == f"{tmp_path}/absent.db: unable to open database file"
    assert [f.name for f in tmp_path.iterdir() if "journal" not in f.name] == []


def test_a_server_that_cannot_answer_is_told(database: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    reason = refused("host=127.0.0.1 port=1 user=x password=geheim dbname=x", out)
    assert reason.startswith("the server cannot be reached: ")
    assert "geheim" not in reason
    assert refused("host = = x", out).startswith("not a DSN")
    assert refused(database, out) == "the database has no store of vitalsd: make it with `vitalsd migrate`"
    migrate(database)
    stranger = f"stranger_{uuid4().hex}"
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"create role {stranger} login".encode())
        assert refused(make_conninfo(database, user=stranger), out) == (
            "permission denied for schema vitalsd: exporting needs the role vitalsd_chart"
        )
        connection.execute(f"drop role {stranger}".encode())


@pytest.mark.parametrize(("format_", "package"), [("wfdb", "wfdb"), ("parquet", "pyarrow")])
def test_without_the_extra_it_says_what_to_install(
    format_: str, package: str, dsn: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = tmp_path / "missing"
    missing.mkdir()
    (missing / f"{package}.py").write_text(f"raise ModuleNotFoundError('no {package}', name='{package}')\n")
    monkeypatch.setenv("PYTHONPATH", str(missing))
    done = run("export", dsn, "--bed", BED, *DAY, "--format", format_, "--out", tmp_path / "out")
    assert (done.returncode, done.stdout) == (2, "")
    wanted = f"vitalsd: export needs the package {package}, which the extra `export` brings: in vitalsd's folder, "
    assert done.stderr == f"{wanted}.venv/bin/pip install '.[export]'\n"
    assert not (tmp_path / "out").exists()


def test_nothing_else_loads_the_packages_of_the_extra() -> None:
    program = "import sys, collector.cli; print({'wfdb', 'pyarrow', 'pandas', 'scipy'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_waves_of_a_real_recording_are_what_decode_prints(tmp_path: Path) -> None:
    file = capture("datex-dri", "db00.raw")
    wanted: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    for line in decoded("ge-datex-dri", file)[0]:
        if line["kind"] == "waveform":
            wanted[line["code"], line["source"], line["unit"]] += line["values"]
    bed = tmp_path / "bed.toml"
    bed.write_text(
        f'[bed]\nid = "OR-9"\n[[device]]\nname = "b650"\ndriver = "ge-datex-dri"\nport = "replay://{file}?speed=max"\n'
        f'[journal]\npath = "{tmp_path}/journal.db"\nkeep = "all"\n',
        encoding="utf-8",
    )
    assert run("bed", bed, "--once").returncode == 0
    since = ("2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z")
    for format_ in Format:
        out = tmp_path / format_
        export(f"sqlite:///{tmp_path}/journal.db", selection("OR-9", "", *since), format_, out)
        found = parquet_values(out) if format_ is Format.PARQUET else wfdb_values(out)
        assert found.keys() == wanted.keys()
        for channel, values in found.items():
            assert len(values) == len(wanted[channel])
            assert np.abs(values - wanted[channel]).max() < 1e-6


def parquet_values(out: Path) -> dict[tuple[str, ...], NDArray[np.float64]]:
    found = defaultdict(list)
    for row in sorted(table(out, "waves"), key=lambda row: row["start"]):
        found[row["code"], row["source"], row["unit"]].append(np.array(row["counts"]) * row["scale"] + row["offset"])
    return {channel: np.concatenate(parts) for channel, parts in found.items()}


def wfdb_values(out: Path) -> dict[tuple[str, ...], NDArray[np.float64]]:
    """Records are numbered by their start."""
    found = defaultdict(list)
    for listed in json.loads((out / "manifest.json").read_text(encoding="utf-8"))["records"]:
        record = wfdb.rdrecord(str(out / listed["record"]))
        for number, signal in enumerate(listed["signals"]):
            values = record.p_signal[:, number]
            found[signal["code"], signal["source"], signal["unit"]].append(values[~np.isnan(values)])
    return {channel: np.concatenate(parts) for channel, parts in found.items()}
