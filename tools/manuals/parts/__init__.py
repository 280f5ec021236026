"""The parts of the manuals that come from the code, between marks of their own in the pages.

<!-- generated: NAME -->
…
<!-- /generated -->
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.manuals.pages import LANGS, SOURCE, names
from tools.manuals.parts import (
    cds,
    changes,
    commands,
    configuration,
    database,
    fhir,
    hl7,
    http,
    journal,
    mappings,
    metrics,
    mqtt,
)
from tools.manuals.words import FRAME, Words, table

PARTS: Mapping[str, Callable[[Words, str], str]] = {
    "bed-file": lambda words, _: configuration.bed(words),
    "charting-file": lambda words, _: configuration.charting(words),
    "update-file": lambda words, _: configuration.update(words),
    "commands": lambda _words, _: commands.helps(),
    "http-routes": lambda words, _: http.routes(words),
    "http-models": lambda words, _: http.models(words),
    "database-views": database.views,
    "journal-tables": lambda words, _: journal.tables(words),
    "metrics-bed": lambda words, _: metrics.bed(words),
    "metrics-charting": lambda words, _: metrics.charting(words),
    "mqtt-bed": lambda words, _: mqtt.bed(words),
    "mqtt-charting": lambda words, _: mqtt.charting(words),
    "hl7-heard": lambda words, _: hl7.heard(words),
    "hl7-acknowledged": lambda words, _: hl7.acknowledged(words),
    "hl7-told": lambda words, _: hl7.told(words),
    "inbox-template": lambda words, _: configuration.template(words),
    "fhir-capabilities": lambda words, _: fhir.capabilities(words),
    "fhir-parameters": lambda words, _: fhir.parameters(words),
    "fhir-scopes": lambda words, _: fhir.scopes(words),
    "fhir-topics": lambda words, _: fhir.topics(words),
    "fhir-examples": lambda words, _: fhir.examples(words),
    "cds-hooks": lambda words, _: cds.hooks(words),
    "cds-example": lambda words, _: cds.example(words),
    "codes-signals": lambda words, _: mappings.charted(words),
    "codes-libraries": lambda words, _: mappings.libraries(words),
    "codes-mapping": lambda words, _: mappings.mapping(words),
    "codes-charges": lambda words, _: mappings.charges(words),
    "changelog": lambda _words, _: changes.log(),
}
"""Name → Markdown, in the language of the words, from a migrated database (its DSN)."""

_MARKED = re.compile(
    r"(?<=^<!-- generated: )([a-z0-9-]+)( -->\n).*?(?=^<!-- /generated -->$)", re.DOTALL | re.MULTILINE
)


def with_parts(text: str, words: Words, dsn: str) -> str:
    """A page's Markdown with its generated parts as they should be. Raises KeyError for a part of no name."""
    return _MARKED.sub(lambda found: f"{found[1]}{found[2]}\n{PARTS[found[1]](words, dsn)}\n", text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fresh:
    """`stale`: pages whose generated parts are not as they should be → their Markdown as it should be.

    `lacking`, `idle`: keys that the table of words lacks, and those that nothing asks for.
    """

    stale: Mapping[Path, str]
    lacking: Sequence[str]
    idle: Sequence[str]


def fresh(dsn: str, source: Path = SOURCE) -> Fresh:
    of = {lang: Words(lang) for lang in LANGS}
    files = {source / lang / f"{name}.md": words for lang, words in of.items() for name in names(lang, source)}
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    made = {file: with_parts(text, files[file], dsn) for file, text in texts.items()}
    asked = set[str]().union(*(words.asked for words in of.values()))
    return Fresh(
        stale={file: text for file, text in made.items() if text != texts[file]},
        lacking=[f"{key} ({lang})" for lang, words in of.items() for key in sorted(words.lacking)],
        idle=sorted(set(table()) - asked - FRAME),
    )
