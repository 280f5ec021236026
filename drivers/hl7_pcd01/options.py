"""What a site may set for this driver."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Dialect = Literal["ihe", "egateway", "vs8", "wato", "comen"]

SILENCE_S: dict[Dialect, float] = {"ihe": 10.0, "egateway": 10.0, "vs8": 600.0, "wato": 35.0, "comen": 60.0}
"""An eGateway sends each second; a WATO every 10 s at the shortest, three of which are waited for (fact sheet
mindray-and-chinese-hl7 §4, §5); a spot monitor when something was measured."""


class Options(BaseModel):
    """Options of hl7-pcd01.

    dialect: who speaks: "egateway" (Mindray eGateway, central station, or a BeneVision in HL7 client mode), "vs8"
    (Mindray VS-8, VS-900), "wato" (Mindray WATO EX, A-series), "comen" (NC5, central station), "ihe" for any other.
    silence_s: without a message for this long the device is called silent; by dialect where it is not set.
    waves: whether waveforms are kept. charset: codec of messages whose MSH-18 names none. crc: messages end with the
    four characters of WATO's RS-232 output; then nothing is ever answered. name_order: how PID-5 is written;
    given-family on many Mindray devices. alarm_hold_s: an alarm that was standing before the connection broke, or of a
    bed that said nothing for so long, ends where nothing more is heard of it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dialect: Dialect = "ihe"
    silence_s: Annotated[float, Field(ge=2.0, le=86_400.0)] = Field(
        default_factory=lambda given: SILENCE_S[given["dialect"]]
    )
    waves: bool = True
    charset: Literal["utf-8", "gb18030", "latin-1", "cp1251"] = "utf-8"
    crc: bool = False
    name_order: Literal["family-given", "given-family"] = "family-given"
    alarm_hold_s: Annotated[float, Field(ge=5.0, le=86_400.0)] = 120.0
