"""Tables for a terminal. Pure."""

from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width


def table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A line a row: the first column to the left, the others to the right."""
    wide = [max(columns(row[n]) for row in rows) for n in range(len(rows[0]))] if rows else []
    yield from (aligned(row, wide) for row in rows)


def aligned(row: Sequence[str], wide: Sequence[int]) -> str:
    """One row in columns of these widths."""
    cells = [row[0] + " " * (wide[0] - columns(row[0]))]
    cells += [" " * (w - columns(cell)) + cell for cell, w in zip(row[1:], wide[1:], strict=True)]
    return "  ".join(cells).rstrip()


def columns(text: str) -> int:
    """How many a text takes: of Chinese two a character."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
