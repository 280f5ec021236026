"""A case of patients whom anybody could name: told by their devices, admitted, charted, signed, amid all failures."""

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from tests.drivers.hl7_pcd01.link import OBR
from tests.ports import kept_port
from tests.security.ward import BED, DOCTOR, DOCTORS, WAIT_S, Ward, answers, away, until
from tests.system.charting import Charting

WORDS = (
    "欧阳慧敏",
    "欧阳",
    "慧敏",
    "尉迟",
    "明远",
    "Zborowska",
    "Agnieszka",
    "77304188520",
    "99447100326",
    "青霉素过敏休克史",
)
"""Names, numbers and a history that stand for a patient: in Chinese and in English, whole and in parts."""
DEVICES = {"vent": "utf-8", "telemetry": "gb18030"}
"""Two that speak HL7, and how they write."""
_PATIENTS = (
    ("77304188520", "欧阳", "慧敏"), ("77304188520", "Zborowska", "Agnieszka"), ("99447100326", "尉迟", "明远"),
)  # fmt: skip
_MESSAGES = 12
REFUSED, AWAY = frozenset({404, 405, 422}), frozenset({503})


@dataclass
class Case:
    """`answers`: what the department said to requests that went wrong."""

    ward: Ward
    answers: list[bytes] = field(default_factory=list)


def live(ward: Ward) -> Case:
    case = Case(ward)
    ward.ports |= {device: kept_port() for device in DEVICES}
    devices = "\n".join(
        f'[[device]]\nname = "{device}"\ndriver = "hl7-pcd01"\nport = "tcp-listen://127.0.0.1:{ward.ports[device]}"\n'
        f'options = {{ charset = "{charset}" }}\n'
        for device, charset in DEVICES.items()
    )
    bed = ward.start("bed", "bed", ward.example("OR-03.toml", devices))
    feed = ward.start("feed", "bed", ward.example("FEED-ICU.toml"))
    service = ward.start("charting", "charting", ward.example("charting.toml"))
    for program in (bed, feed, service):
        program.waits_for(b'"event": "running"')
    _devices_speak(ward)
    url = ward.url("charting.toml:8443") + "/"
    until(lambda: answers(f"{url}health"))
    browser = Charting(url, DOCTOR, DOCTORS)
    id_ = browser.post("/api/cases", _admission())["case"]
    record = browser.post("/api/records", {"case": id_, "template": "anaesthesia_record"})["document"]
    path = f"/api/records/{id_}/{record}"
    remark = {"kind": "remark", "at_us": time.time_ns() // 1000, "text": "家属：尉迟明远；青霉素过敏休克史"}
    browser.put(f"{path}/items/remark-1", {"after": 0, "content": remark})
    _asks_wrongly(case, browser, id_)
    with away(ward.dsn):
        bed.waits_for(b"store lost")
        _devices_speak(ward)
        case.answers += [
            _wrong(browser, "GET", f"/api/cases?text={quote('欧阳慧敏')}", AWAY),
            _wrong(browser, "GET", f"/cases/{id_}", AWAY),
        ]
    bed.waits_for(b"store back")
    until(lambda: answers(f"{url}health"))
    browser.post(f"{path}/sign", {"slot": "anaesthetist"})
    browser.post(f"{path}/printed", {})
    browser.post(f"/api/cases/{id_}/close", {"at_us": time.time_ns() // 1000})
    return case


def _admission() -> dict[str, Any]:
    patient = {"number": "77304188520", "visit": "99447100326", "name": "欧阳慧敏", "allergies": "青霉素过敏休克史"}
    return {"bed": BED, "area": "or", "emergency": True, "patient": patient}


def _devices_speak(ward: Ward) -> None:
    """Good messages of one patient after the other, and bad ones that quote him."""
    for device, charset in DEVICES.items():
        with _called(ward.ports[device]) as line:
            for number in range(_MESSAGES):
                id_, family, given = _PATIENTS[number % len(_PATIENTS)]
                line.sendall(_block(_message(number, id_, family, given), charset))
                line.recv(4096)
            for wrong in _mistakes(charset):
                line.sendall(wrong)
            line.sendall(_block(_message(99, *_PATIENTS[0]), charset))
            line.recv(4096)


def _called(port: int) -> socket.socket:
    """A connection to a daemon, which is about to listen."""
    found: list[socket.socket] = []

    def takes() -> bool:
        with suppress(ConnectionRefusedError):
            found.append(socket.create_connection(("127.0.0.1", port), WAIT_S))
        return bool(found)

    until(takes)
    return found[0]


def _message(number: int, id_: str, family: str, given: str) -> Sequence[str]:
    sent = time.strftime("%Y%m%d%H%M%S+0000", time.gmtime())
    return (
        f"MSH|^~\\&|GW|OR|||{sent}||ORU^R01^ORU_R01|{time.monotonic_ns()}-{number}|P|2.6|||AL|NE",
        f"PID|1||{id_}^^^Hospital^PI~99447100326^^^Hospital^VN||{family}^{given}",
        "PV1|1|I|OR^OR-03^1", OBR.replace("20260305093005+0800", sent),
        f"OBX|1|NM|147842^MDC_ECG_HEART_RATE^MDC|1.1.1.147842|{60 + number}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
        f"OBX|2|NM|149530^MDC_PULS_OXIM_PULS_RATE^MDC|1.2.1.149530|{family}|264864^MDC_DIM_BEAT_PER_MIN^MDC|||||R",
    )  # fmt: skip


def _mistakes(charset: str) -> Sequence[bytes]:
    name = "欧阳慧敏 Zborowska 77304188520".encode(charset)
    pid = "PID|1||77304188520||欧阳^慧敏\r".encode(charset)
    return (
        name + b"\r\n", b"\x0b" + name + b"\x1c\r", b"\x0b" + pid + b"\x1c\r",
        b"\x0bMSH|^~\\&|" + name + b"\r" + pid + b"\x1c\r",
        b"\x0bMSH|^~\\&|GW|OR|||" + name + b"||ORU^R01^ORU_R01|7|P|2.6\r" + pid + b"\x1c\r", b"\x0bMSH" + name,
    )  # fmt: skip


def _block(segments: Sequence[str], charset: str) -> bytes:
    return b"\x0b" + "".join(f"{segment}\r" for segment in segments).encode(charset) + b"\x1c\r"


def _asks_wrongly(case: Case, browser: Charting, id_: str) -> None:
    """What people and programs do wrong, with the patient in it."""
    name = quote("欧阳慧敏")
    case.answers += [
        _wrong(browser, "GET", f"/cases/{name}"),
        _wrong(browser, "GET", f"/api/cases/{name}"),
        _wrong(browser, "GET", f"/{name}/Zborowska"),
        _wrong(browser, "POST", "/api/cases", body={**_admission(), "bed": "欧阳慧敏"}),
        _wrong(browser, "POST", "/api/cases", body={"patient": ["77304188520", "欧阳慧敏"]}),
        _wrong(browser, "PUT", f"/api/cases/{id_}/items/x", body={"after": 0, "content": "青霉素过敏休克史"}),
        _wrong(browser, "DELETE", f"/api/cases/{id_}"),
    ]
    port = case.ward.ports["charting.toml:8443"]
    for line in (
        b"GET /" + "欧阳慧敏".encode() + b" HTTP/1.1\r\nhost: x\r\n\r\n",
        "欧阳慧敏 Zborowska\r\n\r\n".encode("gb18030"),
    ):
        with socket.create_connection(("127.0.0.1", port), WAIT_S) as raw:
            raw.sendall(line)
            case.answers.append(raw.recv(65_536))


def _wrong(
    browser: Charting, method: str, path: str, statuses: frozenset[int] = REFUSED, body: dict[str, Any] | None = None
) -> bytes:
    request = urllib.request.Request(
        browser.url.rstrip("/") + path, method=method, data=None if body is None else json.dumps(body).encode(),
        headers={"content-type": "application/json", "x-csrf-token": browser._csrf},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as told:
        browser.opener.open(request, timeout=20)
    answer = told.value
    with answer:
        assert answer.code in statuses, (method, path)
        return str(answer.headers).encode() + answer.read()
