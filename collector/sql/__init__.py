"""The SQL of the series stores: schemas and named statements, read from the files in the folders beside this one."""

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def queries(store: str) -> Mapping[str, str]:
    """Statements of STORE/queries.sql by name. Each begins with a line `-- name: what it does`."""
    parts = re.split(r"^-- (\w+): .*$", text(store, "queries"), flags=re.MULTILINE)
    return {name: " ".join(statement.split()) for name, statement in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def migrations(store: str) -> tuple[str, ...]:
    """Names of the migrations of a store (NN_what) in the order in which they are applied."""
    names = [file.name for file in files("collector.sql").joinpath(store).iterdir()]
    return tuple(sorted(name.removesuffix(".sql") for name in names if re.match(r"\d\d_\w+\.sql$", name)))


def text(store: str, name: str) -> str:
    """The whole of STORE/NAME.sql."""
    return files("collector.sql").joinpath(store, f"{name}.sql").read_text(encoding="utf-8")
