"""Passwords come as credentials; where somebody writes one into a file all the same, nothing tells of it."""

import re
from pathlib import Path

import pytest

from charting.config import load as load_charting
from collector.config import load
from collector.errors import UsageError
from tests.security.forms import found
from tests.security.ward import CONFIG, PASSWORD

LOADS = {"OR-03.toml": load, "charting.toml": load_charting}


def written(folder: Path, name: str, host: str) -> Path:
    """An example with a password in its database, where it does not belong."""
    text = (CONFIG / name).read_text(encoding="utf-8")
    text, n = re.subn(r"host=db\.example ", f"host={host} password={PASSWORD} ", text)
    assert n == 1
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.mark.parametrize("name", list(LOADS))
def test_a_configuration_shows_no_password(tmp_path: Path, name: str) -> None:
    config = LOADS[name](written(tmp_path, name, "db.example"))
    text = f"{config!r} {config}"
    assert "listen=" in text
    assert found(text.encode(), [PASSWORD]) == []


@pytest.mark.parametrize("name", list(LOADS))
def test_a_mistake_beside_a_password_is_told_without_it(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as told:
        LOADS[name](written(tmp_path, name, "'unclosed"))
    assert re.search(r"(dsn|database): not a DSN", str(told.value))
    assert found(str(told.value.reasons).encode(), [PASSWORD]) == []
