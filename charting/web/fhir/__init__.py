"""The FHIR interface's routes, at /fhir: the release by Accept, or by the address."""
