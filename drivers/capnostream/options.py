"""What a site may set for this driver."""

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of capnostream.

    waves: keep the CO2 wave; the device sends it in any case. ipi: ask for the message of the integrated pulmonary
    index, of which the layout is not known. patient: ask for the patient's id. co2_divisor: by what CO2 in kPa or Vol%
    is to be divided, once it has been compared with the display; until then such values are numbers without a name.
    Without meaning for mmHg.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    waves: bool = True
    ipi: bool = True
    patient: bool = True
    co2_divisor: Literal[1, 10] | None = None
