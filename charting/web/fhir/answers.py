"""Answers as FHIR has them, and in which release they are given."""

import json
from email.message import Message

from starlette.requests import Request
from starlette.responses import Response

from charting.fhir.outcome import Wrong, outcome
from charting.fhir.release import Release
from charting.fhir.subscription import JSON
from charting.fhir.terms import Json
from charting.fhir.text import to_bytes

ROOT = "/fhir"
_PLACES = {f"{ROOT}/r4b": Release.R4B, f"{ROOT}/r5": Release.R5}
_VERSIONS = {"4.0": Release.R4B, "4.3": Release.R4B, "5.0": Release.R5}
_TYPES = frozenset({JSON, "application/json", "application/*", "*/*"})
_CODES = {
    400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 413: "too-long",
    422: "invalid", 429: "throttled", 503: "transient",
}  # fmt: skip


def is_fhir(path: str) -> bool:
    return path == ROOT or path.startswith(f"{ROOT}/")


def base_of(request: Request) -> str:
    """Under which address resources are, as the client has it."""
    path = request.url.path
    place = next((each for each in _PLACES if path == each or path.startswith(f"{each}/")), ROOT)
    return f"{request.url.scheme}://{request.url.netloc}{place}"


def release_of(request: Request) -> Release:
    """By the address, else by fhirVersion in Accept or of what is sent. Raises Wrong for what we do not speak."""
    path = request.url.path
    for place, release in _PLACES.items():
        if path == place or path.startswith(f"{place}/"):
            return release
    sent = _media(request.headers.get("content-type", ""))[1]
    asked = [_media(each) for each in request.headers.get("accept", "*/*").split(",")]
    fitting = [version for kind, version in asked if kind in _TYPES]
    if not fitting:
        raise Wrong(406, "not-supported", f"only {JSON} is spoken here")
    version = next((each for each in fitting if each), sent) or Release.R4B.value
    found = _VERSIONS.get(".".join(version.split(".")[:2]))
    if found is None:
        raise Wrong(406, "not-supported", "fhirVersion is 4.3 or 5.0")
    return found


def answer(body: Json, release: Release, status: int = 200) -> Response:
    kind = f"{JSON}; fhirVersion={release.value}; charset=utf-8"
    return Response(to_bytes(body), status, headers={"content-type": kind, "vary": "accept"})


def refusal(request: Request, wrong: Wrong) -> Response:
    try:
        release = release_of(request)
    except Wrong:
        release = Release.R4B
    made = answer(outcome(wrong.code, wrong.text), release, wrong.status)
    if wrong.status == 401:
        made.headers["www-authenticate"] = "Bearer"
    if wrong.status == 405:
        made.headers["allow"] = "GET"
    if wrong.retry_s:
        made.headers["retry-after"] = str(wrong.retry_s)
    return made


def of_problem(told: Response) -> Response:
    """What the other routes answer, as an OperationOutcome."""
    text = json.loads(bytes(told.body)).get("text", "")
    made = answer(outcome(_CODES.get(told.status_code, "exception"), text), Release.R4B, told.status_code)
    for name in ("retry-after", "www-authenticate"):
        if name in told.headers:
            made.headers[name] = told.headers[name]
    return made


def _media(text: str) -> tuple[str, str]:
    """Kind and fhirVersion of a media type."""
    header = Message()
    header["content-type"] = text.strip() or "*/*"
    try:
        version = header.get_param("fhirversion", "")
        return header.get_content_type() if "/" in text else "*/*", version if isinstance(version, str) else ""
    except (ValueError, LookupError):
        return "", ""
