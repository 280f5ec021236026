"""The changelog as a part of a manual: a section for each release."""

import re
from pathlib import Path

CHANGELOG = Path(__file__).parents[3] / "CHANGELOG.md"


_HEADING = re.compile("^### (.*)$", re.MULTILINE)
_BOLD = r"**\1**"


def releases() -> dict[str, str]:
    """Number → its text, the newest first; what is not released yet is left out."""
    text = CHANGELOG.read_text(encoding="utf-8")
    parts = re.split(r"^## \[(\d[^\]]*)\] - (\S+)\n", text, flags=re.MULTILINE)[1:]
    return {f"{number} ({day})": body for number, day, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True)}


def log() -> str:
    """Headings of the changelog become paragraphs: a release is a section."""
    return "\n".join(f"## {release}\n\n{_HEADING.sub(_BOLD, body.strip())}\n" for release, body in releases().items())
