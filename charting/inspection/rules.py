"""The rules of an inspection as data; source rules.toml."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

SEVERITIES = ("high", "medium", "low")
LANGS = ("zh", "en")

Severity = Literal["high", "medium", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """`text`, `advice`: language → what it says, with the names of its numbers in braces."""

    id: str
    part: str
    severity: Severity
    limits: Mapping[str, float]
    text: Mapping[str, str]
    advice: Mapping[str, str]


@cache
def rules() -> Sequence[Rule]:
    told = _file()["rule"]
    assert isinstance(told, list)
    return tuple(
        Rule(
            id=each["id"],
            part=each["part"],
            severity=each["severity"],
            limits=each["limits"],
            text={lang: each[lang] for lang in LANGS},
            advice={lang: each[f"advice_{lang}"] for lang in LANGS},
        )
        for each in told
    )


def version() -> str:
    return str(_file()["version"])


@cache
def _file() -> Mapping[str, object]:
    return tomllib.loads(files("charting.inspection").joinpath("rules.toml").read_text(encoding="utf-8"))
