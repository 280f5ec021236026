"""The language in which somebody is answered."""

from starlette.requests import HTTPConnection

from charting.page.words import Lang, chosen

COOKIE = "lang"


def lang_of(request: HTTPConnection) -> Lang:
    """The one asked for (`lang`), else the one asked for last, else the browser's, else Chinese."""
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in tuple(Lang):
            return Lang(asked)
    return chosen(None, request.headers.get("accept-language", ""))
