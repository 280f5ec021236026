"""Pages from templates: the frame that all share, its words, its links."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FunctionLoader, StrictUndefined

from charting.case.reasons import reasons, written
from charting.cds.detail import html
from charting.fill.rules import rules
from charting.page.alarms import MARKS
from charting.page.words import Lang
from charting.web.alarm_views import strip
from charting.web.assets import place
from charting.web.context import Context
from charting.web.department import Department
from charting.web.language import COOKIE, lang_of
from charting.web.said import Sayings, number
from charting.web.words import Words
from collector.units import display

_JS = ("fault", "not_sent", "locked", "session_ended", "again", "saved", "undo", "undone", "void", "reason_needed",
       "nothing_found", "choose_code", "not_all_kept")  # fmt: skip
"""Words that the page's own script says."""

AT_HAND = 8
"""Links of the navigation that fit beside each other."""

_YEAR_S = 365 * 86_400


@cache
def environment() -> Environment:
    """Escapes everything; a name that a template does not get is an error."""
    folder = files("charting.web").joinpath("templates")
    made = Environment(
        loader=FunctionLoader(lambda name: folder.joinpath(name).read_text(encoding="utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(number=number, unit=display, static=place(), detail_html=html)
    made.globals["m"] = made.get_template("_macros.html").module
    made.globals["marks"] = MARKS
    made.globals["al"] = made.get_template("_alarms.html").module
    for file in folder.iterdir():
        made.get_template(file.name)  # compiled now, not when the first person waits for it
    return made


def fragment(here: Context, template: str, /, **values: object) -> HTMLResponse:
    """A part of a page, for the person who asks."""
    return _answer(here.lang, environment().get_template(template).render({**_values(here), **values}), changed=False)


def page(here: Context, request: Request, template: str, /, **values: object) -> HTMLResponse:
    """A whole page, for the person who asks. `about`: the case whose changes it follows.

    `still`: it does not follow what happens to cases, only what is done on it.
    """
    nav, more = _links(here)
    frame = {
        **_frame(request, here.department, here.lang),
        "kind": template.removesuffix(".html"),
        "person": here.person,
        "follows": here.can("read") or here.can("operate"),
        "nav": nav,
        "nav_more": more,
        "here_path": request.url.path,
        "alarm_strip": strip(here, str(values.get("about", ""))) if here.can("read") else None,
    }
    html = environment().get_template(template).render({**frame, **_values(here), **values})
    return _answer(here.lang, html, changed="lang" in request.query_params)


def outside(request: Request, template: str, /, **values: object) -> HTMLResponse:
    """A page for who has not signed in."""
    department: Department = request.app.state.department
    lang = lang_of(request)
    words = Words(lang)
    frame = {
        **_frame(request, department, lang),
        "kind": template.removesuffix(".html"),
        "person": None,
        "follows": False,
        "t": words,
        "say": Sayings(words, department.clock),
    }
    html = environment().get_template(template).render({**frame, **values})
    return _answer(lang, html, changed="lang" in request.query_params)


def is_page(request: Request) -> bool:
    """Whether a person is to see the answer as a page of its own, and not a program or a page's script."""
    inside = request.url.path.startswith(("/api/", "/openapi"))
    return request.method in {"GET", "HEAD"} and not inside and "x-live" not in request.headers


def problem_page(request: Request, status: int, text: str) -> HTMLResponse:
    """What went wrong, for a person; asks no database."""
    made = outside(request, "problem.html", text=text)
    made.status_code = status
    return made


def _frame(request: Request, department: Department, lang: Lang) -> Mapping[str, object]:
    other = Lang.EN if lang is Lang.ZH else Lang.ZH
    query = [(key, value) for key, value in request.query_params.multi_items() if key != "lang"]
    words = Words(lang)
    return {
        "lang": lang,
        "version": department.version,
        "site": department.site,
        "zone": department.clock.zone,
        "now_us": department.clock.now_us(),
        "demo": department.demo,
        "about": "",
        "still": False,
        "alarm_strip": None,
        "page_class": "",
        "other_lang": other,
        "other_lang_href": f"?{urlencode([*query, ('lang', other)])}",
        "zh_query": urlencode([*query, ("lang", "zh")]),
        "en_query": urlencode([*query, ("lang", "en")]),
        "js_words": json.dumps({key: words.raw(key) for key in _JS}, ensure_ascii=False),
        "reasons": _reasons(lang),
    }


def _values(here: Context) -> Mapping[str, object]:
    return {
        "t": here.words,
        "lang": here.lang,
        "say": here.say,
        "can": here.can,
        "person": here.person,
        "now_us": here.now_us(),
        "name_of": here.name_of,
        "clock": here.clock,
        "reasons": _reasons(here.lang),
        "written": lambda reason: written(reason, here.lang),
        "rule_name": lambda rule: here.words.of(rules()[rule]) if rule in rules() else rule,
    }


def _links(here: Context) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What the person may look at: what is at hand, and what stands behind "more" where that is too much."""
    daily = (("read", "/", "department"), ("read", "/bookings", "inbox.bookings"), ("read", "/alarms", "watch.alarms"),
             ("read", "/visits", "visit.title"), ("charge", "/charges", "charges.title"),
             ("witness", "/controlled", "charges.register"), ("quality", "/quality", "quality.title"),
             ("", "/workload", "workload"))  # fmt: skip
    running = (("operate", "/fleet", "fleet.title"), ("exchange", "/exchange", "outbox.title"),
               ("report_fault", "/faults", "faults.title"), ("manage_accounts", "/accounts", "accounts"),
               ("manage_clients", "/clients", "fhir.clients"), ("load_library", "/libraries", "libraries"),
               ("audit", "/audit", "audit"),
               *([("", "/manual", "manual")] if here.department.manuals else []))  # fmt: skip
    shown, more = (
        [(href, here.words(word)) for right, href, word in offered if not right or here.can(right)]
        for offered in (daily, running)
    )
    return (shown + more, []) if len(shown) + len(more) <= AT_HAND else (shown, more)


def _reasons(lang: Lang) -> Mapping[str, str]:
    return {code: row[lang] for code, row in reasons().items()}


def _answer(lang: Lang, html: str, *, changed: bool) -> HTMLResponse:
    made = HTMLResponse(html, headers={"content-language": "zh-CN" if lang is Lang.ZH else "en", "vary": "cookie"})
    if changed:
        made.set_cookie(COOKIE, lang, max_age=_YEAR_S, samesite="strict", httponly=True, path="/")
    return made
