"""Which devices are read and how well each part of their protocols is known: `vitalsd devices` and the READMEs."""

import json
from collections.abc import Sequence

from collector.driver import PARTS, DriverSpec, Evidence

LETTERS = {
    Evidence.REAL_CAPTURE: "R",
    Evidence.VENDOR_DOCUMENT: "V",
    Evidence.OTHER_IMPLEMENTATION: "O",
    Evidence.ASSUMED: "a",
}


def cells(spec: DriverSpec) -> Sequence[str]:
    """A letter for each of PARTS; "-" where the driver does not read it."""
    return [LETTERS[spec.parts[part]] if part in spec.parts else "-" for part in PARTS]


def lines(spec: DriverSpec) -> str:
    """Its transports, each once, with the port of the network."""
    return ", ".join(dict.fromkeys(f"{line.scheme} {line.port}" if line.port else line.scheme for line in spec.lines))


def matrix(specs: Sequence[DriverSpec]) -> str:
    """The table for a terminal: a line per driver, its models below."""
    width = max(len(spec.name) for spec in specs)
    text = [f"{'':<{width}}  {'  '.join(PARTS)}"]
    for spec in specs:
        known = "  ".join(letter.center(len(part)) for letter, part in zip(cells(spec), PARTS, strict=True))
        text += [f"{spec.name:<{width}}  {known}  {spec.title} ({lines(spec)})"]
        text += [f"{'':<{width}}      {model.name}: {model.evidence}" for model in spec.models]
    legend = ", ".join(f"{letter} {evidence}" for evidence, letter in LETTERS.items())
    return "\n".join([*text, "", f"{legend}; - not read. Each driver's README says it part by part."])


def as_data(specs: Sequence[DriverSpec]) -> str:
    """The same as JSON."""
    found = [
        {
            "driver": spec.name,
            "vendor": spec.vendor,
            "title": spec.title,
            "transports": [line.scheme for line in spec.lines],
            "parts": spec.parts,
            "models": [{"name": model.name, "evidence": model.evidence} for model in spec.models],
        }
        for spec in specs
    ]
    return json.dumps(found, ensure_ascii=False, indent=2)
