"""Decision support: the hooks at which services are asked, and a question with its answer."""

import json
from functools import cache
from typing import Any

from charting.cds.asking import Asker
from charting.cds.config import HOOKS, CdsSection, CdsService
from charting.cds.question import LIFE_US
from charting.cds.services import Services
from charting.simulated.cdss import Cdss
from charting.trail.contents import Patient
from tests.charting.cds.ward import FENTANYL, Ward, ward
from tests.charting.web.hospital import Hospital
from tools.manuals.parts.layout import laid
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

_SECOND_US = 1_000_000


def hooks(words: Words) -> str:
    """A row for each: its name on the wire, when it is asked, what is in its context, how long it is of use."""
    services = Services(CdsSection(), lambda: 0)
    heads = [words(f"cds.{key}") for key in ("hook", "wire", "when", "context", "life")]
    rows = [
        [code(hook), code(services.name_of(hook)), words(f"hook.{hook}"), words(f"hook.{hook}.context"),
         f"{LIFE_US[hook] // _SECOND_US} s"]
        for hook in HOOKS
    ]  # fmt: skip
    return table(heads, rows)


def example(words: Words) -> str:
    """An opioid is chosen whose dose the simulated service thinks high, and what it is told afterwards."""
    return "\n".join(
        f"{words(f'cds.{key}')}\n\n```json\n{laid(body)}\n```\n" for key, body in zip(_KEYS, _talk(), strict=True)
    )


_KEYS = ("question", "answer", "window")


@cache
def _talk() -> tuple[Any, Any, Any]:
    hospital = Hospital()
    hospital.recorded("c1", patient=Patient(number="20260042", name="张测试", sex="male", weight_kg=60.0))
    made = ward("", hospital=hospital, kept=hospital.kept)
    made.measure(*[35.6] * 30)
    with Cdss() as service:
        asker = _asker(made, service)
        made.give(FENTANYL, 400)
        asker.act(hospital.trail.entries("c1"))
        (asked,) = [each.parcel for each in made.sent("cds-hook") if each.parcel.path.endswith("/opioid-dose")]
        _, answer = service.answer(asked.path, asked.body)
    hospital.watch.look()
    asker.tell_windows(hospital.watch.board(), 0)
    (window,) = [each.parcel for each in made.sent("cds-window")]
    return json.loads(asked.body), answer, json.loads(window.body)


def _asker(made: Ward, service: Cdss) -> Asker:
    hospital = made.hospital
    services = Services(CdsSection(service=(CdsService(name="cdss", url=service.url),)), hospital.clock.now_us)
    services.learn("cdss", json.dumps(service.discovery()).encode())
    return Asker(hospital.desk, hospital, hospital.kept.outbox, services, ("cdss",), hospital.clock.now_us,
                 hospital.metrics)  # fmt: skip
