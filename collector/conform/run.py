"""Runs the checks."""

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from collector.conform.bytewise import captures, chunking, endless, isolation, mutation, noise, recovery
from collector.conform.declaration import codes, declaration, units
from collector.conform.dialogue import deadline, dialogue, reconnect, sending
from collector.conform.report import Check, Report, Status
from collector.conform.sources import conversation
from collector.conform.subject import Checking, Failed, Stream, Subject, Unchecked
from collector.conform.talk import Talk
from collector.driver import DriverSpec
from collector.errors import UsageError

OF_BYTES: Mapping[str, Checking] = {
    "captures": captures,
    "dialogue": dialogue,
    "chunking": chunking,
    "mutation": mutation,
    "noise": noise,
    "endless": endless,
    "recovery": recovery,
    "isolation": isolation,
    "deadline": deadline,
    "reconnect": reconnect,
    "sending": sending,
}
"""Of a session; `sending` last: it judges what all the others sent."""


def conform(
    spec: DriverSpec,
    patient: Any,
    *,
    streams: Sequence[Stream] = (),
    trials: int = 300,
    told: Callable[[Check], None] = lambda _: None,
) -> Report:
    """All checks of a driver. patient: whom its simulator measures; streams: recordings to try beside the simulator's.

    told: called with each check when it is made.
    """
    checks: list[Check] = []

    def made(name: str, check: Callable[[], str]) -> None:
        checks.append(_made(name, check))
        told(checks[-1])

    made("declaration", lambda: declaration(spec))
    talks: Sequence[Talk] = ()
    if spec.session is not None:
        subject = Subject(spec=spec, patient=patient, streams=streams, trials=trials)
        for name, checking in OF_BYTES.items():
            made(name, partial(checking, subject))
        if next(check for check in checks if check.name == "dialogue").status is Status.HELD:
            talks = subject.talks
    else:
        heard: list[Talk] = []

        def conversing() -> str:
            talk, detail = conversation(spec, patient)
            heard.append(talk)
            return detail

        made("dialogue", conversing)
        talks = heard
    made("codes", lambda: codes(spec, talks))
    made("units", lambda: units(spec, talks))
    return Report(spec=spec, checks=checks)


def _made(name: str, check: Callable[[], str]) -> Check:
    try:
        return Check(name=name, status=Status.HELD, detail=check())
    except Failed as failed:
        return Check(name=name, status=Status.FAILED, detail=_line(failed))
    except (Unchecked, UsageError) as reason:
        return Check(name=name, status=Status.NOT_CHECKED, detail=_line(reason))
    except Exception as error:  # noqa: BLE001  what a driver raises is what the kit is there to find
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}:{place.lineno}"
        return Check(
            name=name, status=Status.FAILED, detail=f"it raised {type(error).__name__} at {where}: {_line(error)}"
        )


def _line(error: BaseException) -> str:
    return re.sub(r"\s+", " ", str(error))
