"""What a site may set for this driver."""

from pydantic import BaseModel, ConfigDict


class Options(BaseModel):
    """Options of bis-vista.

    eeg: the raw EEG of each channel. spectra: the power spectrum of each second, kept as text. extra: burst count per
    minute (protocol 1.08 and later). messages: texts of events, impedance checks and errors.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    eeg: bool = True
    spectra: bool = False
    extra: bool = False
    messages: bool = True
