"""Secrets that systemd hands over (LoadCredential=): files, never the environment or a configuration."""

import os
from pathlib import Path


def credential(name: str) -> str | None:
    """What is handed over under a name; None: nothing."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    file = Path(folder, name) if folder else None
    return None if file is None or not file.exists() else file.read_text(encoding="utf-8").strip()
