"""What a template of a document says. Frozen values."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, with_config

FieldType = Literal["text", "number", "choice", "multi", "bool", "time", "date", "term"]
_STRICT = ConfigDict(extra="forbid")


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    code: str
    zh: str
    en: str


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A question of a form; its answer is the item `field:<id>`.

    `unit` is UCUM, `low` and `high` inclusive bounds of a number, `options` those of choice and multi, `library` that
    of a term, `de` the data element of WS 363/445 (clinical.md §3.7), empty where none is known. A time is ISO 8601
    with its offset, a date ISO, a term its code.
    """

    id: str
    zh: str
    en: str
    type: FieldType
    unit: str = ""
    low: float | None = None
    high: float | None = None
    options: tuple[Option, ...] = ()
    library: str = ""
    required: bool = False
    de: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    zh: str
    en: str
    fields: tuple[Field, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """Where one person signs; `roles`: who may."""

    slot: str
    zh: str
    en: str
    roles: frozenset[str]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a document must hold besides its required fields, before it is signed.

    `what`: patient.<attribute>, event.<key>, coded.<use> or attendance.<role> of the case; item.<kind> or
    item.<kind>.<group, way or scale> of the document. `unless`: another such
    key, or field:<id>, that makes up for it.
    """

    what: str
    unless: str = ""
    zh: str
    en: str
    de: str = ""


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Devices fill it: a mark every `step_s` seconds, while the patient is in one of `areas`."""

    step_s: int
    areas: tuple[str, ...]


@with_config(_STRICT)
@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """`kind`: "grid" (filled by devices, with rows of `signals`) or "form". `authors` may begin it, `appenders` add
    items of their own to another's. `many`: a case may have several. `standard`: the shared document it corresponds to.
    """

    name: str
    version: str
    zh: str
    en: str
    kind: Literal["grid", "form"]
    standard: str = ""
    authors: frozenset[str]
    appenders: frozenset[str] = frozenset()
    many: bool = False
    grid: Grid | None = None
    signals: tuple[str, ...] = ()
    sections: tuple[Section, ...] = ()
    needs: tuple[Need, ...] = ()
    signatures: tuple[Slot, ...]

    @property
    def fields(self) -> Iterator[Field]:
        for section in self.sections:
            yield from section.fields

    def field(self, id_: str) -> Field | None:
        return next((f for f in self.fields if f.id == id_), None)

    def slot(self, name: str) -> Slot | None:
        return next((s for s in self.signatures if s.slot == name), None)

    def title(self, lang: str) -> str:
        return self.zh if lang == "zh" else self.en

    @property
    def lacking_names(self) -> Mapping[str, Mapping[str, str]]:
        """Of each thing that may be lacking (`field:<id>`, a need's `what`): its name by language."""
        fields = {f"field:{f.id}": {"zh": f.zh, "en": f.en} for f in self.fields}
        return fields | {n.what: {"zh": n.zh, "en": n.en} for n in self.needs}
