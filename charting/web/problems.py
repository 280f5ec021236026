"""What went wrong, as JSON to show and to act on: `key`, `text` in the asker's language, `params`."""

from collections.abc import Mapping

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from charting.case.refusals import Refusal
from charting.web.language import lang_of
from charting.web.words import Words

_STATUS_KEYS = {400: "bad_request", 401: "sign_in", 403: "not_allowed", 404: "unknown", 405: "method", 413: "too_large"}


class Problem(Exception):  # noqa: N818  an answer, not an error
    """An answer that is not what was asked for. `key` is a word of words.csv; `more` goes into the answer as it is."""

    def __init__(
        self,
        status: int,
        key: str,
        *,
        refusal: Refusal | None = None,
        more: Mapping[str, object] | None = None,
        retry_s: int = 0,
        **params: object,
    ) -> None:
        """`refusal`: whose words are used instead of the table's."""
        super().__init__(key)
        self.status = status
        self.key = key
        self.params = {name: str(value) for name, value in params.items()}
        self.refusal = refusal
        self.more = more or {}
        self.retry_s = retry_s


def answer(
    status: int, key: str, text: str, params: Mapping[str, str], more: Mapping[str, object] | None = None
) -> JSONResponse:
    said = {"key": key, "text": text, "params": dict(params), **(more or {})}
    return JSONResponse(said, status, media_type="application/problem+json")


def of_problem(request: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    lang = lang_of(request)
    text = problem.refusal.text(lang) if problem.refusal else Words(lang)(problem.key, **problem.params)
    made = answer(problem.status, problem.key, text, problem.params, problem.more)
    if problem.retry_s:
        made.headers["retry-after"] = str(problem.retry_s)
    return made


def of_http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    key = _STATUS_KEYS.get(error.status_code, "bad_request")
    return answer(error.status_code, key, Words(lang_of(request))(key), {})


def of_validation(request: Request, error: Exception) -> JSONResponse:
    """Where the input is not what the document says: each place and what was expected there, never what was sent."""
    assert isinstance(error, RequestValidationError)
    fields = [
        {"where": ".".join(str(part) for part in e["loc"] if part not in {"body", "query", "path"}), "why": e["msg"]}
        for e in error.errors()
    ]
    where = ", ".join(dict.fromkeys(f["where"] or "body" for f in fields))[:400]
    text = Words(lang_of(request))("invalid", where=where)
    return answer(422, "invalid", text, {"where": where}, {"fields": fields[:50]})
