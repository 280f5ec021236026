"""Reads catalogues: catalogue.toml, and a site's own file over it; every mistake is told at once."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from charting.quality.catalogue import Catalogue, Indicator
from charting.quality.logic import Parameter, kind_of
from charting.quality.tables import read
from collector.errors import UsageError

_FILE = "catalogue.toml"

Tables = Mapping[str, Mapping[str, Any]]
"""Code → what a file tells of it."""


def load(path: Path | None = None) -> Catalogue:
    """The catalogue that comes with the program, with a site's own file over it.

    Of a code that is there already the file changes what it tells (its parameters one by one); another code is another
    indicator. Raises UsageError with every mistake: file, code, key, what was expected.
    """
    if path is None:
        return _built_in()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    version, own = _own()
    told, tables = _tables(str(path), data)
    digest = hashlib.sha256(data).hexdigest()[:8]
    merged = {**own, **{code: _over(own.get(code, {}), table) for code, table in tables.items()}}
    return _catalogue(str(path), f"{version}+{told}{digest}", merged)


def parameters_wrong(indicator: Indicator, parameters: Mapping[str, Parameter]) -> Sequence[str]:
    """What of parameters told in place of the indicator's it does not have, or not of that kind; in English."""
    own = indicator.parameters
    return [
        f"{name}: expected a {kind_of(own[name])}" if name in own else f"{name}: {indicator.code} has no such parameter"
        for name, value in parameters.items()
        if name not in own or kind_of(value) is not kind_of(own[name])
    ]


@cache
def _built_in() -> Catalogue:
    return _catalogue(_FILE, *_own())


@cache
def _own() -> tuple[str, Tables]:
    return _tables(_FILE, files("charting.quality").joinpath(_FILE).read_bytes())


def _tables(file: str, data: bytes) -> tuple[str, Tables]:
    """The file's version, and what it tells. Raises UsageError."""
    try:
        said = tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: {error}") from None
    told, version = said.pop("indicator", []), said.pop("version", "")
    wrong = [f"{key}: no such key" for key in said]
    if not isinstance(version, str):
        wrong.append("version: expected a text")
    if not isinstance(told, list) or not all(isinstance(table, dict) for table in told):
        wrong.append("indicator: expected tables [[indicator]]")
        told = []
    tables: dict[str, Mapping[str, Any]] = {}
    for place, table in enumerate(told, start=1):
        code = table.get("code")
        if not isinstance(code, str) or not code:
            wrong.append(f"indicator {place}: code: expected a text")
        elif code in tables:
            wrong.append(f"{code}: told twice")
        else:
            tables[code] = table
    if wrong:
        raise UsageError(*(f"{file}: {w}" for w in wrong))
    return version, tables


def _over(own: Mapping[str, Any], table: Mapping[str, Any]) -> Mapping[str, Any]:
    before, after = own.get("parameters", {}), table.get("parameters", {})
    merged = {"parameters": {**before, **after}} if isinstance(after, dict) and (before or after) else {}
    return {**own, **table, **merged}


def _catalogue(file: str, version: str, tables: Tables) -> Catalogue:
    read_ = {code: read(table) for code, table in tables.items()}
    wrong = [f"{file}: {code}: {w}" for code, found in read_.items() if not isinstance(found, Indicator) for w in found]
    if wrong:
        raise UsageError(*wrong)
    made = tuple(found for found in read_.values() if isinstance(found, Indicator))
    return Catalogue(version=version, indicators=made)
