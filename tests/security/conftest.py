"""One ward for all that is looked at from outside: its case is over, and everything has failed once."""

import os
from collections.abc import Iterator

import pytest

from tests.security.case import Case, live
from tests.security.ward import Ward, ward
from tests.timescale import database


@pytest.fixture(scope="session")
def case(timescale: str) -> Iterator[Case]:
    if os.geteuid() != 0:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("only root can run a program as another user")
    with database(timescale) as dsn, ward(dsn) as place:
        yield live(place)


@pytest.fixture(scope="session")
def place(case: Case) -> Ward:
    return case.ward
