"""The OpenAPI document's FHIR routes taken at their word by schemathesis: no 5xx, no patient for who may not."""

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok

from charting.fhir.kinds import KINDS
from charting.trail.entries import ClientChanged, SubscriptionChanged
from tests.charting.fhir.rich import rich, token
from tests.charting.web.hospital import Hospital

EXAMPLES = 1
_PUBLIC = ("/fhir/metadata", "/fhir/.well-known/smart-configuration")


@cache
def operations() -> list[Any]:
    schema = schemathesis.openapi.from_dict(Hospital().app.openapi())
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    chosen = [operation for operation in found if operation.path.startswith("/fhir")]
    assert len(chosen) > 35
    return chosen


def of_each_kind() -> list[Any]:
    """One type stands for the others, whose routes come of the same table; what takes nothing has no input."""
    others = {f"/{kind}" for kind in KINDS if kind != "Observation"}
    chosen = [each for each in operations() if not any(kind in each.path for kind in others)]
    return [each for each in chosen if "{" in each.path or each.query or each.body]


def test_no_input_breaks_the_interface() -> None:
    _tried("system/*.cruds", EXAMPLES, of_each_kind())


@pytest.mark.soak
@pytest.mark.parametrize("scope", ["system/*.cruds", "patient/*.rs", "inbox.write", ""])
def test_no_input_of_many_breaks_the_interface_or_opens_it(scope: str) -> None:
    _tried(scope, 40, operations())


def _tried(scope: str, examples: int, chosen: list[Any]) -> None:
    hospital = rich(notify=("https://h.example",))
    headers = (
        {"authorization": f"Bearer {token(hospital, scope, patient='1' * scope.startswith('patient'))}"}
        if scope
        else {}
    )
    before = hospital.trail.last()
    with asyncio.Runner() as runner:
        transport = httpx.ASGITransport(app=hospital.app, raise_app_exceptions=True)
        client = httpx.AsyncClient(transport=transport, base_url="http://records.test")
        for operation in chosen:
            _try(operation, lambda sent: runner.run(client.request(**sent)), headers, scope, examples)
        runner.run(client.aclose())
    kinds = {type(e.body) for e in hospital.trail.all(before)}
    assert kinds <= {ClientChanged, SubscriptionChanged}


def _try(
    operation: Any, send: Callable[[Any], httpx.Response], headers: dict[str, str], scope: str, examples: int
) -> None:
    modes = schemathesis.GenerationMode
    cases = st.one_of(
        operation.as_strategy(generation_mode=modes.POSITIVE), operation.as_strategy(generation_mode=modes.NEGATIVE)
    )

    @settings(max_examples=examples, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(cases, st.booleans())
    def try_one(case: Any, real: bool) -> None:
        if real and "id_" in (case.path_parameters or {}):
            case.path_parameters["id_"] = "c1"
        sent = case.as_transport_kwargs(base_url="http://records.test")
        made = {k: str(v) for k, v in (sent.get("headers") or {}).items() if k.lower() != "authorization"}
        sent["headers"] = {**made, **headers}
        sent.pop("cookies", None)
        if isinstance(sent.get("data"), str | bytes):
            sent["content"] = sent.pop("data")
        answer = send(sent)
        where = f"{operation.method} {operation.path}: {answer.status_code} {answer.text[:300]}"
        assert answer.status_code < 500, where
        assert scope == "system/*.cruds" or "张三" not in answer.text
        if operation.path in _PUBLIC:
            return
        if scope in {"", "inbox.write"}:
            assert answer.status_code in ({401} if not scope else {403}), where
        if answer.status_code >= 400:
            assert answer.json()["resourceType"] == "OperationOutcome", where

    try_one()
