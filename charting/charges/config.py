"""How charges are made: `[charges]` of the charting's file."""

from typing import Annotated, Literal

from pydantic import Field

from collector.config import Section

Rounding = Literal["up", "down", "half"]


class ChargesSection(Section):
    """`documents`: of which templates entries are charged. `after`: as soon as one is signed, or when a person has
    confirmed the case's charges (a signature alone then charges nothing).

    `department`: FT1-13, the code of who earns it; `batch`: FT1-3 is the case or the site's day; `version`: of HL7.
    `decimals`, `rounding`: of quantities where an item of the catalogue says no other.
    """

    documents: tuple[str, ...] = ("anaesthesia_record", "pacu_record")
    after: Literal["signed", "confirmed"] = "signed"
    department: Annotated[str, Field(max_length=60, pattern=r"^[^\x00-\x1f\x7f]*$")] = ""
    batch: Literal["case", "day"] = "case"
    version: Literal["2.5", "2.6"] = "2.5"
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    rounding: Rounding = "up"
