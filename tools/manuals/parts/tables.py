"""Tables as Markdown has them."""

from collections.abc import Iterable, Sequence


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def code(text: object) -> str:
    return f"`{text}`" if text != "" else ""


def _cell(text: str) -> str:
    """On one line, and a bar is no border."""
    return " ".join(text.split()).replace("|", "\\|")
