"""The OpenAPI document taken at its word by schemathesis: whatever is sent, no 5xx and nothing for who may not."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from charting.trail.entries import Denied, Disputed, Printed, SessionChanged, TicketOpened, TicketStep
from tests.charting.web.hospital import PASSWORD, Hospital, hr_item

EXAMPLES = 3
"""Of each operation and person."""

_OWN = ("/api/session", "/api/session/lock", "/api/session/unlock", "/api/events")
"""What would sign the person out, or has no end."""


_BY_TOKEN = ("/fhir", "/inbox/")
"""What takes no session: tests/charting/fhir, tests/charting/web/test_inbox.py."""


def operations(hospital: Hospital) -> list[Any]:
    schema = schemathesis.openapi.from_dict(hospital.app.openapi())
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) > 40
    own = [operation for operation in found if not operation.path.startswith(_BY_TOKEN)]
    return [operation for operation in own if operation.path not in _OWN or operation.path == "/api/session"]


def asked(operation: Any, known: dict[str, str]) -> st.SearchStrategy[Any]:
    """Cases of an operation, half of which name things that are there; also what the document does not allow."""

    def with_known(case: Any, real: bool) -> Any:
        if real:
            for name, value in known.items():
                if name in (case.path_parameters or {}):
                    case.path_parameters[name] = value
        return case

    modes = schemathesis.GenerationMode
    return st.builds(
        with_known,
        st.one_of(
            operation.as_strategy(generation_mode=modes.POSITIVE), operation.as_strategy(generation_mode=modes.NEGATIVE)
        ),
        st.booleans(),
    )


@pytest.mark.parametrize("account", ["administrator", "anaesthetist", "surgeon", ""])
def test_no_input_breaks_the_service_or_opens_it(account: str) -> None:
    hospital = Hospital()
    was = hospital.recorded(minutes=15)
    known = {"case": "c1", "document": "d1", "item": hr_item(hospital.clock), "library": "drugs", "template": "consent",
             "device": "monitor", "account": "surgeon", "page": "1"}  # fmt: skip
    with asyncio.Runner() as runner:
        transport = httpx.ASGITransport(app=hospital.app, raise_app_exceptions=True)
        browser = httpx.AsyncClient(transport=transport, base_url="http://records.test")

        def send(**what: Any) -> httpx.Response:
            return runner.run(browser.request(**what))

        headers: dict[str, str] = {}
        if account:
            said = send(method="POST", url="/api/session", json={"account": account, "password": PASSWORD}).json()
            headers["x-csrf-token"] = said["csrf"]
        before = list(hospital.trail.all())
        for operation in operations(hospital):
            if account and operation.path == "/api/session" and operation.method != "get":
                continue
            _try(operation, known, send, headers, account)
        runner.run(browser.aclose())
    done = list(hospital.trail.all(before[-1].seq))
    kinds = {type(e.body) for e in done}
    if not account:
        assert kinds <= {SessionChanged}
    if account == "surgeon":
        assert kinds <= {Denied, Disputed, Printed, SessionChanged, TicketOpened, TicketStep}, (
            "his own workload he may dispute, and faults report; a wrong password is kept"
        )
        assert Denied in kinds
        now = hospital.desk.case("c1")
        assert (now.items, now.documents["d1"].items) == (was.items, was.documents["d1"].items)
        assert len(hospital.trail.rows()) == 1


def _try(
    operation: Any, known: dict[str, str], send: Callable[..., httpx.Response], headers: dict[str, str], account: str
) -> None:
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(asked(operation, known))
    def try_one(case: Any) -> None:
        sent = case.as_transport_kwargs(base_url="http://records.test")
        sent["headers"] = {**{k: str(v) for k, v in (sent.get("headers") or {}).items()}, **headers}
        sent.pop("cookies", None)
        if isinstance(sent.get("data"), str | bytes):
            sent["content"] = sent.pop("data")
        answer = send(**sent)
        where = f"{operation.method} {operation.path}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500, where
        if not account:
            public = (operation.method, operation.path) == ("post", "/api/session")
            assert answer.status_code in ({401, 403, 413, 422, 429} if public else {401, 403}), where
        if answer.status_code >= 400:
            assert {"key", "text", "params"} <= set(answer.json()), where

    try_one()
