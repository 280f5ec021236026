"""Which code stands for what: signals of the record, the libraries' columns, what makes a charge."""

from collections.abc import Sequence

from charting.charges.catalogue import KINDS, LIBRARY, MAKES
from charting.codes.mapping import COLUMNS as MAPPING
from charting.codes.mapping import Crosswalks
from charting.fhir.signals import code_of, profile
from charting.fhir.terms import LOINC
from charting.fill.signals import signals
from charting.library.library import COLUMNS, Libraries, Library
from charting.results.codes import observation, unit
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

_CHARGES = ("unit", "price", "kind", "makes", "of", "document", "size", "span", "from_min", "to_min", "step_min", "per",
            "rounding")  # fmt: skip
"""Columns of the catalogue beside those of every library, as charting.charges.catalogue says."""


def charted(words: Words) -> str:
    """A row for each signal of the record: its unit, and by which codes it leaves; then what devices call it."""
    heads = [words(f"signal.{key}") for key in ("id", "name", "unit", "dim", "loinc", "obx")]
    rows = [
        [
            code(each.id),
            each.zh if words.lang == "zh" else each.en,
            code(each.unit),
            code(unit(each.unit)),
            ", ".join(map(code, profile().get(each.id) or _loinc(each.id, each.codes))),
            code(observation(each.id, "")),
        ]
        for each in signals().values()
    ]
    told = [[code(each.id), " ".join(map(code, each.codes))] for each in signals().values()]
    return f"{table(heads, rows)}\n{table([words('signal.id'), words('signal.codes')], told)}"


def _loinc(signal: str, codes: tuple[str, ...]) -> list[str]:
    """Of what devices call it: the first that has one."""
    told = (found["code"] for refid in codes for found in code_of(signal, refid)["coding"] if found["system"] == LOINC)
    return [first] if (first := next(told, "")) else []


def libraries(words: Words) -> str:
    """The columns that every library has, then those of each that comes with the program."""
    samples = Libraries.sample()
    rows = [[words("library.every"), code(column), words(f"library-column.{column}")] for column in COLUMNS]
    for name in samples.names():
        current = samples.current(name)
        if current is not None and name != LIBRARY:
            rows += [[code(name), code(column), words(f"library-column.{column}")] for column in _attributes(current)]
    return table([words("library"), words("column"), words("meaning")], rows)


def _attributes(library: Library) -> Sequence[str]:
    """Those that at least one row has."""
    return list(dict.fromkeys(name for coding in library.codings.values() for name in coding.attributes))


def mapping(words: Words) -> str:
    """The columns of a mapping, with a row of one."""
    (sample,) = Crosswalks.of(None).all()
    source, (first, *_) = next(iter(sample.rows.items()))
    values = [source, first.target, first.valid_from, first.valid_to]
    rows = [[code(c), words(f"mapping-column.{c}"), code(value)] for c, value in zip(MAPPING, values, strict=True)]
    return table([words("column"), words("meaning"), words("example")], rows)


def charges(words: Words) -> str:
    """The columns of the catalogue of charges, what may make an item, and which kinds of items there are."""
    current = Libraries.sample().current(LIBRARY)
    items = list(current.codings.values()) if current else []

    def example(column: str, value: str = "", shown: str = "") -> str:
        """The first item that has this there, or anything; `shown`: the column that is told of it."""
        found = ((each.attributes, each.term) for each in items)
        fits = ((said, term) for said, term in found if (said.get(column) == value if value else said.get(column)))
        said, term = next(fits, ({}, None))
        value = said.get(shown or column, "")
        return ": ".join(filter(None, (code(value), getattr(term, words.lang)))) if term else "–"

    rows = [[code(column), words(f"charge-column.{column}"), example(column)] for column in _CHARGES]
    makes = [[code(each), words(f"makes.{each}"), example("makes", each, "of")] for each in MAKES]
    kinds = [[code(each), words(f"charge-kind.{each}"), example("kind", each, "code")] for each in KINDS]
    return "\n".join(
        table([head, words("meaning"), words("example")], body)
        for head, body in ((words("column"), rows), (code("makes"), makes), (code("kind"), kinds))
    )
