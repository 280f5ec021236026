"""FHIR R4B and R5: cases as resources, to be read by who has a token with the scope."""
