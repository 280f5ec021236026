"""What the hospital tells us: `[inbox]` of the charting's file."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from charting.case.staff import staff
from charting.inbox.listening import ListenerSection
from charting.inbox.places import PlaceRow
from charting.inbox.sources import HttpSection, ViewSection
from collector.config import Location, Name, Section


def _role(value: str) -> str:
    if value not in staff():
        raise ValueError(f"expected a role of charting/case/staff.csv: {', '.join(staff())}")
    return value


class PlaceSection(Section):
    """`told`: as the hospital writes a place, point^room^bed; parts that are left out or empty are not compared.

    `bed`: one of ours.
    """

    told: Location
    bed: Name


class InboxSection(Section):
    """`application`, `facility`: our names, MSH-5 and 6 of what is meant for us; empty: whatever they say.

    `id_type`: CX-5 of the patient's number. `roles`: the hospital's words for people of an operation → staff.csv.
    `surgery`: words of OBR-24 by which an order asks for an operation. `update_moves`: A08 tells of another bed, too.
    `icu_apart`: each stay in an ICU is a case of its own; else it goes on with the one from theatre.
    """

    application: str = ""
    facility: str = ""
    id_type: Annotated[str, Field(min_length=1, max_length=20)] = "MR"
    roles: Mapping[str, Annotated[str, AfterValidator(_role)]] = Field(default_factory=dict)
    surgery: tuple[str, ...] = ()
    update_moves: bool = False
    icu_apart: bool = True
    place: tuple[PlaceSection, ...] = ()
    listener: tuple[ListenerSection, ...] = ()
    http: tuple[HttpSection, ...] = ()
    view: tuple[ViewSection, ...] = ()

    @field_validator("view")
    @classmethod
    def _named_once(cls, value: tuple[ViewSection, ...], info: ValidationInfo) -> tuple[ViewSection, ...]:
        every = [*info.data.get("listener", ()), *info.data.get("http", ()), *value]
        names = [each.name for each in every]
        twice = [f"two sources are called {name!r}" for name in dict.fromkeys(names) if names.count(name) > 1]
        if twice:
            raise ValueError("\n".join(twice))
        return value

    @property
    def places(self) -> tuple[PlaceRow, ...]:
        return tuple(PlaceRow(told=row.told, bed=row.bed) for row in self.place)
