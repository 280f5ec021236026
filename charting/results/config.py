"""What the hospital is told of patients: `[results]` of the charting's file."""

from typing import Annotated, Literal

from pydantic import Field

from collector.config import Section

Coined = Annotated[str, Field(pattern=r"^[^|^~\\&\x00-\x1f]*$", max_length=100)]
"""A name that both sides have agreed on; HL7's delimiters have no place in it."""


class ResultsSection(Section):
    """`application`, `facility`: MSH-3 and 4. `authority`: who assigns patients' and visits' numbers, PID-3.4.

    `interval_s`: how often vital signs leave. `alarm_min`: after so many minutes the start of an alarm is of no use to
    anybody. `lang`: of documents and of what our own advisories say.
    """

    application: Annotated[Coined, Field(min_length=1)] = "VITALSD"
    facility: Coined = ""
    authority: Coined = ""
    interval_s: Annotated[int, Field(ge=1, le=3600)] = 60
    alarm_min: Annotated[int, Field(ge=1, le=1440)] = 10
    lang: Literal["zh", "en"] = "zh"
