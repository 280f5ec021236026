"""What a bed's configuration may say of a Biolight monitor."""

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints


def _encoding(name: str) -> str:
    try:
        if b"MSH|".decode(codecs.lookup(name).name) == "MSH|":
            return name
    except (LookupError, UnicodeError):
        pass
    raise ValueError(f"{name!r} is not a text encoding like gb18030")


class Options(BaseModel):
    """query_time: the 14 digits that follow the query, "" for none: those of a published query. What the monitor does
    with them nobody has told.

    physiological_priority, technical_priority: of alarms, for their messages tell none.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoding: Annotated[str, AfterValidator(_encoding)] = "gb18030"
    query_time: Annotated[str, StringConstraints(pattern=r"^([0-9]{14})?$")] = "20260506164614"
    physiological_priority: Literal["high", "medium", "low"] = "high"
    technical_priority: Literal["high", "medium", "low"] = "medium"
