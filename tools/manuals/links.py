"""What is wrong with the manuals: links and pictures that lead nowhere, pages that one language lacks."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from tools.manuals.pages import LANGS, SOURCE, Page, names, pages


def faults(source: Path = SOURCE) -> Sequence[str]:
    """One line each; none: all is well. Links to other sites are looked at, not followed."""
    of = {lang: pages(lang, source) for lang in LANGS}
    found = list(_one_sided(source))
    for lang, there in of.items():
        anchors = {page.name: {heading.id for heading in page.headings} for page in there}
        for page in there:
            found += [f"{lang}/{page.name}.md: {fault}" for fault in _faults(page, anchors, source)]
        shown = {source / lang / picture for page in there for picture in page.pictures}
        found += [
            f"{lang}/img/{file.name}: no page shows it"
            for file in sorted((source / lang / "img").glob("*"))
            if file not in shown
        ]
    return found


def _one_sided(source: Path) -> Iterator[str]:
    """Pages and pictures that a language lacks."""
    for what, of in (
        (".md", {lang: set(names(lang, source)) for lang in LANGS}),
        ("", {lang: {f"img/{file.name}" for file in (source / lang / "img").glob("*")} for lang in LANGS}),
    ):
        for lang in LANGS:
            for name in sorted(set[str]().union(*of.values()) - of[lang]):
                yield f"{lang}/{name}{what}: is there in the other language only"


def _faults(page: Page, anchors: Mapping[str, set[str]], source: Path) -> Iterator[str]:
    folder = source / page.lang
    if [heading.level for heading in page.headings][:1] != [1] or sum(h.level == 1 for h in page.headings) != 1:
        yield "expected one title, and before everything else"
    for html in page.raw:
        yield f"HTML in it: {html.strip()[:60]}"
    for picture in page.pictures:
        if not (folder / picture).is_file():
            yield f"no picture {picture}"
    for link in page.links:
        target, _, place = link.partition("#")
        if "://" in link or link.startswith("mailto:"):
            if not _sound(link):
                yield f"no address: {link}"
            continue
        name = target.removesuffix(".md") if target else page.name
        if "/" in target or not target.endswith((".md", "")) or name not in anchors:
            yield f"no page {target}"
        elif place and place not in anchors[name]:
            yield f"no section {link}"


def _sound(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return (parts.scheme in {"https", "http"} and "." in parts.netloc) or (
        parts.scheme == "mailto" and "@" in parts.path
    )
