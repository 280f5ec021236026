"""Faults and wishes: `[faults]` of the charting's file."""

from typing import Annotated

from pydantic import Field

from collector.config import Section


class FaultsSection(Section):
    """What the contract promises, from the report on: a fault is answered, somebody comes, it is resolved; a wish is
    answered, and the change is made. `after_minutes`: what stands so long with gateways and devices is reported by
    itself; 0: never.
    """

    answer_minutes: Annotated[int, Field(ge=1)] = 30
    arrive_hours: Annotated[int, Field(ge=1)] = 4
    resolve_hours: Annotated[int, Field(ge=1)] = 6
    wish_answer_hours: Annotated[int, Field(ge=1)] = 24
    wish_change_hours: Annotated[int, Field(ge=1)] = 48
    after_minutes: Annotated[int, Field(ge=0)] = 5
