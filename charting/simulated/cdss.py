"""A simulated decision support service (CDS Hooks 2.0): three rules that show how it is done, and no medical advice."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

Json = Mapping[str, Any]

LABEL = "模拟决策支持 Simulated CDSS"
VERSION = "2026.1"
_WEIGHT = "29463-7"
_PATIENT = {
    "patient": "Patient/{{context.patientId}}",
    "weight": f"Observation?patient={{{{context.patientId}}}}&code=http://loinc.org|{_WEIGHT}",
    "allergies": "AllergyIntolerance?patient={{context.patientId}}",
}
_OPIOIDS = {"fentanyl": 5.0, "sufentanil": 1.0, "remifentanil": 1.0}
"""µg/kg at once, above which the simulated rule speaks."""
_IN_UG = {"ug": 1.0, "mg": 1000.0}
_ALLERGIES = (("青霉素", ("青霉素", "cillin")), ("头孢", ("头孢", "cef")), ("利多卡因", ("利多卡因", "lidocaine")))
"""What is written of an allergy, and what a drug's name then may not hold."""
_COLD_C = 36.0


def hypothermia(asked: Json) -> Iterator[Json]:
    """The median of the temperature is below 36 °C."""
    for each in asked["context"].get("medians", ()):
        if each["signal"] == "temp" and each["median"] < _COLD_C:
            yield _card(
                asked, "hypothermia-risk", "warning", f"考虑加强保温：近 15 分钟体温中位数 {each['median']} ℃",
                f"低于 **{_COLD_C} ℃**，{each['readings']} 个读数。\n\n- 考虑充气加温\n- 考虑输液加温",
            )  # fmt: skip


def opioid_dose(asked: Json) -> Iterator[Json]:
    """More of an opioid at once than so much per kg; without a weight nothing can be said."""
    weights = [entry["resource"]["valueQuantity"]["value"] for entry in _entries(asked, "weight")]
    for drug, quantity in _drafts(asked):
        limit = next((most for name, most in _OPIOIDS.items() if name == drug["display"].casefold()), None)
        if limit is None or not weights or quantity.get("code") not in _IN_UG:
            continue
        per_kg = quantity["value"] * _IN_UG[quantity["code"]] / weights[0]
        if per_kg > limit:
            yield _card(
                asked, "opioid-dose", "critical", f"考虑核对{drug['text']}剂量：{per_kg:.1f} µg/kg",
                f"体重 {weights[0]} kg；本规则的提示界限是 **{limit} µg/kg**。", suggestions=["考虑减量或分次给予"],
            )  # fmt: skip


def allergy(asked: Json) -> Iterator[Json]:
    """A drug that the record says he does not stand; at the beginning of a case, that there is an allergy."""
    written = " ".join(str(entry["resource"]["code"].get("text", "")) for entry in _entries(asked, "allergies"))
    drugs = [f"{drug['text']} {drug['display']}".casefold() for drug, _ in _drafts(asked)]
    if written and not drugs and asked["hook"] == "encounter-start":
        yield _card(asked, "allergy", "info", "记录有过敏史：考虑核对术前用药", f"过敏史：{written}")
    for said, names in _ALLERGIES:
        if said in written and any(name in drug for drug in drugs for name in names):
            yield _card(asked, "allergy", "critical", f"考虑换药：记录有{said}过敏史", f"过敏史：{written}")


_RULES: Sequence[tuple[str, str, Callable[[Json], Iterator[Json]]]] = (
    ("hypothermia-risk", "aims-vitals-window", hypothermia),
    ("opioid-dose", "order-select", opioid_dose),
    ("allergy-start", "encounter-start", allergy),
    ("allergy-drug", "order-select", allergy),
)
"""Id, hook (its own ones without their domain), rule."""


def _card(asked: Json, rule: str, indicator: str, summary: str, detail: str, suggestions: Sequence[str] = ()) -> Json:
    return {
        "uuid": str(uuid5(NAMESPACE_URL, f"{asked['hookInstance']}/{rule}")),
        "summary": summary,
        "indicator": indicator,
        "detail": detail,
        "source": {"label": LABEL, "topic": {"system": "urn:simulated", "code": rule, "version": VERSION}},
        "suggestions": [{"label": label} for label in suggestions],
        "overrideReasons": [{"code": "tolerated", "system": "urn:simulated", "display": "既往耐受 Tolerated before"}],
    }


def _entries(asked: Json, key: str) -> Sequence[Json]:
    told = (asked.get("prefetch") or {}).get(key) or {}
    found: Sequence[Json] = told.get("entry", ())
    return found


def _drafts(asked: Json) -> Iterator[tuple[Json, Json]]:
    """Drugs that are chosen, with how much of each at once."""
    for entry in asked["context"].get("draftOrders", {}).get("entry", ()):
        concept = entry["resource"].get("medicationCodeableConcept")
        if concept:
            drug = {"text": concept.get("text", ""), "display": concept["coding"][0].get("display", "")}
            amounts = entry["resource"]["dosageInstruction"][0].get("doseAndRate", [{}])
            yield drug, amounts[0].get("doseQuantity", {})


class Cdss:
    """The service on a socket, until `close`. `asked`, `feedback`: what has come, in order.

    `domain`: before the names of hooks that no standard has.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, domain: str = "cn.vitalsd") -> None:
        self.asked: list[Json] = []
        self.feedback: list[tuple[str, Json]] = []
        self._hooks = {id_: f"{domain}.{hook}" if hook.startswith("aims-") else hook for id_, hook, _ in _RULES}
        self._rules = {id_: rule for id_, _, rule in _RULES}
        self._server = ThreadingHTTPServer((host, port), self._handler())
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def discovery(self) -> Json:
        return {
            "services": [
                {"hook": hook, "id": id_, "title": id_, "description": id_, "version": VERSION, "prefetch": _PATIENT}
                for id_, hook in self._hooks.items()
            ]
        }

    def answer(self, path: str, body: bytes) -> tuple[int, Json]:
        """Status and JSON of a POST."""
        parts = path.strip("/").split("/")
        if len(parts) < 2 or parts[0] != "cds-services" or parts[1] not in self._rules:
            return 404, {}
        told = json.loads(body)
        if parts[2:] == ["feedback"]:
            self.feedback.append((parts[1], told))
            return 200, {}
        self.asked.append(told)
        return 200, {"cards": list(self._rules[parts[1]](told))}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 10

            def do_GET(self) -> None:
                self._send(*((200, service.discovery()) if self.path == "/cds-services" else (404, {})))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                try:
                    self._send(*service.answer(self.path, body))
                except (ValueError, LookupError, TypeError):
                    self._send(400, {})

            def log_message(self, *_: object) -> None:
                """Nothing: what is asked is a patient's."""

            def _send(self, status: int, said: Json) -> None:
                body = json.dumps(said, ensure_ascii=False).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        return Handler
