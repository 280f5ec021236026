"""HL7 v2: frames of MLLP, messages, times and acknowledgements. Pure: bytes in, values out; no socket and no clock."""
