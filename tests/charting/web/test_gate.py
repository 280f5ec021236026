"""Nothing but the sign-in page without sign-in; cookies, headers, CSRF, the lock, throttling."""

import asyncio
import re
from collections.abc import Iterator

import pytest
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from charting.store.database import StoreError
from charting.trail.entries import SessionChanged
from charting.web.assets import place
from charting.web.guard import LARGEST_BODY, LARGEST_LIBRARY
from tests.charting.web.hospital import PASSWORD, Hospital, sign_in

PUBLIC = {("GET", "/sign-in"), ("GET", "/health"), ("POST", "/api/session")}


def _asked(hospital: Hospital) -> Iterator[tuple[str, str]]:
    """Every method and path of the application, with something in the place of parameters."""
    for route in _flat(hospital.app.routes):
        if isinstance(route, APIRoute):
            for method in route.methods or ():
                yield method, re.sub(r"\{[^}]+\}", "c1", route.path)
    yield "GET", "/openapi.json"
    yield "GET", "/nothing/there"
    yield "GET", "/docs"
    yield "TRACE", "/api/cases"


def _flat(routes: list[BaseRoute]) -> Iterator[BaseRoute]:
    for route in routes:
        inner = getattr(route, "routes", None) or getattr(getattr(route, "original_router", None), "routes", None)
        if inner:
            yield from _flat(inner)
        else:
            yield route


async def test_nothing_but_the_sign_in_page_without_sign_in() -> None:
    hospital = Hospital()
    hospital.recorded()
    asked = [a for a in _asked(hospital) if a not in PUBLIC and not a[1].startswith(("/static/", "/fhir", "/inbox/"))]
    assert len(asked) > 60
    before = len(list(hospital.trail.all()))
    async with hospital.client() as client:
        for method, path in asked:
            answer = await client.request(method, path)
            inside = path.startswith(("/api/", "/openapi")) or method not in {"GET", "HEAD"}
            assert answer.status_code == (401 if inside else 303), (method, path)
            assert answer.headers.get("location", "/sign-in?").startswith("/sign-in?")
            assert "张三" not in answer.text
        malformed = await client.post("/api/cases", content=b"{", headers={"content-type": "application/json"})
        assert malformed.status_code == 401
        client.cookies.set("vitalsd_session", "x" * 43)
        forged = await client.get("/api/cases")
        assert forged.status_code == 401
    assert len(list(hospital.trail.all())) == before


async def test_every_answer_has_the_strict_headers() -> None:
    hospital = Hospital()
    hospital.recorded()
    async with hospital.client("anaesthetist") as client:
        for path in (
            "/",
            "/cases/c1",
            "/records/c1/d1",
            "/api/cases",
            "/api/cases/none",
            f"{place()}/main.js",
            "/sign-in",
        ):
            answer = await client.get(path)
            policy = answer.headers["content-security-policy"]
            assert policy == (
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                "worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            )
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cache-control"] == (
                "public, max-age=31536000, immutable" if path.startswith("/static/") else "no-store"
            )
            if answer.headers["content-type"].startswith("text/html"):
                assert not re.search(
                    r"<script(?![^>]*src=)(?! type=\"text/plain\" data-page>)|<style|\sstyle=|\son[a-z]+=|javascript:",
                    answer.text,
                )


@pytest.mark.parametrize("tls", [False, True])
async def test_the_cookie_is_kept_from_scripts_and_other_sites(tls: bool) -> None:
    hospital = Hospital(tls=tls)
    async with hospital.client() as client:
        answer = await client.post("/api/session", json={"account": "surgeon", "password": PASSWORD})
        flags = [part.strip().lower() for part in answer.headers["set-cookie"].split(";")]
        assert {"httponly", "samesite=strict", "path=/"} <= set(flags)
        assert ("secure" in flags) == tls
        assert flags[0].startswith("__host-" if tls else "vitalsd_session")
        assert ("strict-transport-security" in answer.headers) == tls
        assert (await client.get("/api/session")).json()["account"] == "surgeon"
        client.headers["x-csrf-token"] = answer.json()["csrf"]
        assert (await client.delete("/api/session")).status_code == 204
        assert (await client.get("/api/session")).status_code == 401


async def test_a_change_takes_the_sessions_own_token_and_the_same_site() -> None:
    hospital = Hospital()
    asked = {"bed": "OR-03", "area": "or", "emergency": True}
    async with hospital.client("anaesthetist") as client, hospital.client("head") as other:
        own = client.headers["x-csrf-token"]
        for token in ("", "x", other.headers["x-csrf-token"], own[:-1]):
            answer = await client.post("/api/cases", json=asked, headers={"x-csrf-token": token})
            assert (answer.status_code, answer.json()["key"]) == (403, "csrf")
        for site in ("cross-site", "same-site"):
            answer = await client.post("/api/cases", json=asked, headers={"sec-fetch-site": site})
            assert (answer.status_code, answer.json()["key"]) == (403, "other_site")
        refused = await client.post(
            "/api/session", json={"account": "head", "password": PASSWORD}, headers={"sec-fetch-site": "cross-site"}
        )
        assert refused.status_code == 403
        assert hospital.trail.rows() == []
        assert (await client.post("/api/cases", json=asked)).status_code == 201


async def test_a_locked_session_shows_nothing_until_its_own_password() -> None:
    hospital = Hospital(idle_s=600)
    hospital.recorded()
    async with hospital.client("anaesthetist") as client:
        hospital.clock.go(599)
        assert (await client.post("/api/session/alive")).status_code == 200
        hospital.clock.go(599)
        assert (await client.get("/api/cases")).status_code == 200, "a page that asks by itself is no touch"
        hospital.clock.go(2)
        answer = await client.get("/api/cases/c1")
        assert (answer.status_code, answer.json()["key"]) == (423, "session_locked")
        page = await client.get("/records/c1/d1")
        assert (page.status_code, page.headers["location"]) == (303, "/locked?to=%2Frecords%2Fc1%2Fd1")
        assert "张三" not in (await client.get("/locked")).text
        assert (await client.get("/openapi.json")).status_code == 423
        assert (await client.get("/api/session")).json()["locked"]
        wrong = await client.post("/api/session/unlock", json={"password": "not this one"})
        assert (wrong.status_code, wrong.json()["key"]) == (401, "wrong")
        assert (await client.post("/api/session/unlock", json={"password": PASSWORD})).status_code == 200
        assert (await client.get("/api/cases/c1")).status_code == 200
        assert (await client.post("/api/session/lock")).status_code == 204
        assert (await client.get("/api/cases/c1")).status_code == 423
    said = [e.body.what for e in hospital.trail.all() if isinstance(e.body, SessionChanged)]
    assert said == ["signed_in", "locked", "refused", "unlocked", "locked"]


async def test_a_person_changes_his_own_password_and_other_sessions_end() -> None:
    hospital = Hospital()
    async with hospital.client("surgeon") as here, hospital.client("surgeon") as elsewhere:
        path, new = "/api/session/password", "nobody-knows-it-yet"
        wrong = await here.post(path, json={"before": "not this one", "password": new})
        assert (wrong.status_code, wrong.json()["key"]) == (403, "wrong")
        short = await here.post(path, json={"before": PASSWORD, "password": "short"})
        assert (short.status_code, short.json()["key"]) == (422, "password_short")
        assert (await here.post(path, json={"before": PASSWORD, "password": new})).status_code == 200
        assert (await here.get("/api/cases")).status_code == 200
        assert (await elsewhere.get("/api/cases")).status_code == 401
        await sign_in(elsewhere, "surgeon", new)


async def test_guessing_has_to_wait_and_is_told_how_long() -> None:
    hospital = Hospital()
    async with hospital.client() as client:
        answers = [
            await client.post("/api/session", json={"account": "surgeon", "password": f"guess {n}"}) for n in range(6)
        ]
        assert [a.status_code for a in answers[:4]] == [401] * 4
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["retry-after"]) > 0
        right = await client.post("/api/session", json={"account": "surgeon", "password": PASSWORD})
        assert right.status_code == 429, "the right one waits too"
        assert "Too many attempts" in right.json()["text"]
        hospital.clock.go(61)
        await sign_in(client, "surgeon")


async def test_a_body_beyond_the_limit_is_not_read() -> None:
    hospital = Hospital()
    async with hospital.client("administrator") as client:
        for path, most in (("/api/session", LARGEST_BODY), ("/api/libraries/drugs", LARGEST_LIBRARY)):
            answer = await client.post(path, content=b"x" * (most + 1))
            assert (answer.status_code, answer.json()["key"]) == (413, "too_large")


async def test_events_tell_of_a_change_and_end_with_the_service() -> None:
    """Over the application itself: an event stream has no end that a client could wait for."""
    hospital = Hospital()
    hospital.recorded()
    async with hospital.client("anaesthetist") as client:
        cookie = "; ".join(f"{c.name}={c.value}" for c in client.cookies.jar)
    sent: asyncio.Queue[str] = asyncio.Queue()

    async def send(message: dict[str, object]) -> None:
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        await sent.put(body.decode())

    async def receive() -> dict[str, object]:
        await hospital.stop.wait()
        return {"type": "http.disconnect"}

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "path": "/api/events",
        "raw_path": b"/api/events", "query_string": b"case=c1", "headers": [(b"cookie", cookie.encode())],
        "scheme": "http", "server": ("records.test", 80), "client": ("192.0.2.1", 1), "root_path": "",
    }  # fmt: skip
    task = asyncio.create_task(hospital.app(scope, receive, send))  # type: ignore[arg-type]
    text = ""
    while "event: alive" not in text:
        text += await sent.get()
    hospital.desk.printed(hospital.actor("anaesthetist"), "c1", document="d1")
    while "event: changed" not in text:
        text += await sent.get()
    assert 'data: {"cases":["c1"]}' in text
    hospital.stop.set()
    await task


async def test_a_database_that_does_not_answer_is_said_and_nothing_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    hospital = Hospital()
    hospital.recorded()

    def gone(*_: object, **__: object) -> None:
        raise StoreError("gone")

    async with hospital.client("anaesthetist") as client:
        for what in ("rows", "entries", "append"):
            monkeypatch.setattr(hospital.trail, what, gone)
        for method, path in (("GET", "/api/cases"), ("GET", "/api/cases/c1"), ("POST", "/api/cases/c1/reopen")):
            answer = await client.request(method, path, json={"reason": "x"} if method == "POST" else None)
            assert (answer.status_code, answer.json()["key"]) == (503, "no_database"), path
        page = await client.get("/cases/c1")
        assert page.status_code == 503
        assert "The database does not answer" in page.text
        assert (await client.get("/health")).status_code == 503
        monkeypatch.setattr(hospital.people, "session", gone)
        assert (await client.get("/api/cases")).json()["key"] == "no_database"
        assert "The database does not answer" in (await client.get("/records/c1/d1")).text
        monkeypatch.undo()
        assert (await client.get("/records/c1/d1")).status_code == 200


async def test_a_page_that_is_not_there_is_said_in_words() -> None:
    hospital = Hospital()
    async with hospital.client("anaesthetist", "zh") as client:
        for path in ("/cases/none", "/nothing", "/cases/c1/dialogs/none"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"].startswith("text/html")
            assert "没有" in answer.text
