"""A gateway whose beds are well."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.update.gateway import Gateway, made


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    with made(tmp_path) as found:
        yield found
