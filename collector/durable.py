"""What has been written survives a power cut."""

import os
from pathlib import Path


def sync(path: Path) -> None:
    """Wait until what a file holds, or the names in a folder, are durable. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
