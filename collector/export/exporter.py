"""From a store into a new folder, slice of time by slice of time."""

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import psycopg

from collector.clock import rfc3339
from collector.dsn import secretless, server, sqlite_file
from collector.errors import JournalError, UsageError, VitalsdError
from collector.export.window import Selection, cut
from collector.journal import JournalReader
from collector.model import Series, WavePiece
from collector.series import SeriesReader
from collector.timescale_reader import TimescaleReader
from collector.waves import end_us_of, slack_us

if TYPE_CHECKING:
    from collector.export.tables import ValueTables


class Format(StrEnum):
    WFDB = "wfdb"
    PARQUET = "parquet"


class WaveFiles(Protocol):
    """Takes pieces of each series in order of time."""

    def add_waves(self, pieces: Sequence[WavePiece]) -> None: ...

    def finish(self) -> None: ...


@dataclass(slots=True, kw_only=True)
class Summary:
    """What was written. gaps: places where a wave did not go on at once; files: how many."""

    values: int = 0
    conditions: int = 0
    samples: int = 0
    gaps: int = 0
    files: int = 0

    def json(self) -> str:
        return json.dumps(asdict(self))


def export(
    dsn: str, chosen: Selection, format_: Format, out: Path, done: Callable[[int], object] = lambda _: None
) -> Summary:
    """Write what the store has of the selection into `out`, which appears whole or not at all.

    done: told after each slice how many µs of the time it was. Raises UsageError for what the caller can mend.
    """
    summary = Summary()
    ends_us: dict[Series, int] = {}
    with _opened(dsn) as reader, _new_folder(out) as folder:
        values, waves = _files(format_, folder, chosen)
        for start_us, end_us in chosen.slices():
            readings = reader.values(chosen.bed, chosen.codes, start_us, end_us)
            values.add_values(readings)
            changes = reader.conditions(chosen.bed, start_us, end_us)
            values.add_conditions(changes)
            found = reader.waves(chosen.bed, chosen.codes, start_us, end_us)
            new = [piece for piece in found if piece.start_us >= start_us or start_us == chosen.start_us]
            pieces = list(cut(new, chosen.start_us, chosen.end_us))
            waves.add_waves(pieces)
            summary.values += len(readings)
            summary.conditions += len(changes)
            summary.samples += sum(piece.n for piece in pieces)
            summary.gaps += _gaps(pieces, ends_us)
            done(end_us - start_us)
        if not summary.values + summary.conditions + summary.samples:
            raise UsageError(
                f"nothing of bed {chosen.bed} from {rfc3339(chosen.start_us)} to {rfc3339(chosen.end_us)}"
                + f" with the codes {', '.join(chosen.codes)}" * bool(chosen.codes)
            )
        values.finish()
        waves.finish()
        summary.files = len(list(folder.iterdir()))
    return summary


def _gaps(pieces: Sequence[WavePiece], ends_us: dict[Series, int]) -> int:
    """How many pieces begin after the end of all before, which `ends_us` holds for each series and takes on."""
    gaps = 0
    for piece in pieces:
        before_us = ends_us.get(piece.series, piece.start_us)
        gaps += piece.start_us - before_us > slack_us(piece.rate_hz)
        ends_us[piece.series] = max(before_us, end_us_of(piece))
    return gaps


@contextmanager
def _opened(dsn: str) -> Iterator[SeriesReader]:
    """A reader of the store. What the server refuses while it is used is the caller's to mend."""
    file = sqlite_file(dsn)
    if file is not None:
        try:
            journal = JournalReader.at(file)
        except JournalError as error:
            raise UsageError(str(error)) from error
        try:
            yield journal
        finally:
            journal.close()
        return
    reader, address = TimescaleReader(dsn), server(dsn)
    try:
        yield reader
    except psycopg.OperationalError as error:
        raise UsageError(f"the server cannot be reached: {secretless(str(error), address)}") from error
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName) as error:
        raise UsageError("the database has no store of vitalsd: make it with `vitalsd migrate`") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise UsageError(f"{error.diag.message_primary}: exporting needs the role vitalsd_chart") from error
    finally:
        reader.close()


@contextmanager
def _new_folder(out: Path) -> Iterator[Path]:
    """A folder, for its owner only, that takes the name `out` at the end, or is gone with all that is in it."""
    out = out.absolute()
    if out.is_mount() or (out.exists() and (not out.is_dir() or any(out.iterdir()))):
        raise UsageError(f"--out {out}: expected a new or empty folder")
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise UsageError(f"--out {out}: {error.strerror}") from error
    try:
        yield folder
        folder.replace(out)
    except OSError as error:
        raise VitalsdError(f"--out {out}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _files(format_: Format, folder: Path, chosen: Selection) -> "tuple[ValueTables, WaveFiles]":
    """The writers, whose packages nothing else of vitalsd loads. Raises UsageError where they are not installed."""
    try:
        from collector.export.tables import ValueTables, WaveTable  # noqa: PLC0415  tens of MB, for this command only

        if format_ is Format.PARQUET:
            return ValueTables(folder, chosen), WaveTable(folder, chosen)
        from collector.export.records import Records  # noqa: PLC0415  the same

        return ValueTables(folder, chosen), Records(folder, chosen)
    except ModuleNotFoundError as error:
        raise UsageError(
            f"export needs the package {error.name}, which the extra `export` brings: in vitalsd's folder, "
            ".venv/bin/pip install '.[export]'"
        ) from error
