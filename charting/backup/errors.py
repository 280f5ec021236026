"""What goes wrong with a backup and is not the caller's mistake."""

from collections.abc import Iterator
from contextlib import contextmanager

from collector.errors import VitalsdError


class BackupError(VitalsdError):
    """It could not be made, is damaged, or is not what it was made from: a reason per line, without patient data."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


@contextmanager
def told() -> Iterator[None]:
    """What a disk does not take or give is a BackupError, which names the file."""
    try:
        yield
    except OSError as error:
        raise BackupError(f"{error.filename}: {error.strerror}") from error
