"""Pages as a PDF, by typst. The same pages give the same bytes."""

import importlib
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from collector.errors import UsageError

FONT = "Noto Sans CJK SC"
_FONTS = (
    "/usr/share/fonts/opentype/noto",  # Debian, Ubuntu: fonts-noto-cjk
    "/usr/share/fonts/noto-cjk",  # Arch
    "/usr/share/fonts/google-noto-sans-cjk-fonts",  # Fedora, RHEL: google-noto-sans-cjk-fonts
    "/usr/share/fonts/google-noto-cjk",  # older Fedora, RHEL
    "/usr/local/share/fonts",
)
_PAGE = '#page(image(bytes(sys.inputs.at({key})), format: "svg", width: 210mm, height: 297mm, alt: {alt}))\n'


def pdf(pages: Sequence[str], *, title: str, lang: str, made_us: int) -> bytes:
    """PDF/A-2b with each SVG page on an A4 page of its own. `made_us`: µs since 1970 UTC, its date.

    Raises UsageError where typst or a font that holds Chinese is missing, ValueError for no pages or what is no SVG.
    """
    made: bytes = _compile(pages, title=title, lang=lang, made_us=made_us, format="pdf", pdf_standards=["a-2b"])
    return made


def _compile(pages: Sequence[str], *, title: str, lang: str, made_us: int, **how: Any) -> Any:
    if not pages:
        raise ValueError("no pages")
    typst, fonts = _typst()
    source = (
        f"#set document(title: {_quoted(title)}, date: auto)\n#set text(font: {_quoted(FONT)}, lang: {_quoted(lang)})\n"
        "#set page(width: 210mm, height: 297mm, margin: 0mm)\n"
    )
    source += "".join(
        _PAGE.format(key=_quoted(str(n)), alt=_quoted(f"{title} {n}/{len(pages)}")) for n in range(1, len(pages) + 1)
    )
    try:
        return typst.compile(
            source.encode(),
            font_paths=fonts,
            sys_inputs={str(n): page for n, page in enumerate(pages, 1)},
            timestamp=datetime.fromtimestamp(made_us // 1_000_000, UTC),
            **how,
        )
    except typst.TypstError as error:
        raise ValueError(f"a page cannot be set: {error.message}") from None


@cache
def _typst() -> tuple[Any, Any]:
    """The compiler and its fonts: the module is in the extra `pdf`, and reading the folders of fonts takes a moment."""
    try:
        typst = importlib.import_module("typst")
    except ImportError:
        raise UsageError("a PDF needs typst: install vitalsd[pdf]") from None
    folders = [Path(folder) for folder in _FONTS if Path(folder).is_dir()]
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=folders)
    if FONT not in fonts.families():
        fonts = typst.Fonts(include_system_fonts=True, include_embedded_fonts=True, font_paths=folders)
    if FONT not in fonts.families():
        raise UsageError(f'a PDF needs the font "{FONT}": as root, apt-get install fonts-noto-cjk')
    return typst, fonts


def _quoted(text: str) -> str:
    """A string literal of typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "")
    return f'"{escaped}"'
