"""What the threat model names is there, and both languages tell the same."""

import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
FILES = ("SECURITY.md", "SECURITY.zh-CN.md")


def rows(file: str) -> list[str]:
    return re.findall(r"(?m)^\|(?!---).*\|$", (TOP / file).read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES)
def test_what_answers_a_threat_is_there(file: str) -> None:
    named = re.findall(r"`([a-zA-Z0-9_./@*-]+/[a-zA-Z0-9_./@*-]*)`", "\n".join(rows(file)))
    assert len(named) > 20
    assert [path for path in named if not any(TOP.glob(path.rstrip("/")))] == []


def test_both_languages_tell_of_the_same() -> None:
    english, chinese = ([re.findall(r"`([^`]+)`", row) for row in rows(file)] for file in FILES)
    assert len(english) == len(chinese) > 25
    for one, other in zip(english, chinese, strict=True):
        assert [Path(path).name for path in one] == [Path(path).name for path in other]
