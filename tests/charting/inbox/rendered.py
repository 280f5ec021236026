"""Events as a hospital's programs write them: what charting/inbox/templates say, and HL7, written by hand once more."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from charting.inbox.events import Booking, Code, HospitalEvent, Person, Place

CHINA = timezone(timedelta(hours=8))
_ZH = {
    "pre_admit": ("预入院", ""), "admit": ("入院", ""), "cancel_admit": ("入院", "取消"), "transfer": ("转科", ""),
    "cancel_transfer": ("转科", "取消"), "discharge": ("出院", ""), "cancel_discharge": ("出院", "取消"),
    "update": ("信息修改", ""), "merge": ("病案合并", ""), "book": ("手术排班", ""), "rebook": ("手术改期", ""),
    "revise": ("手术修改", ""), "cancel_booking": ("手术排班", "取消"), "no_show": ("手术未到", ""),
}  # fmt: skip
_BUS = {
    "pre_admit": ("PREADMIT", "NEW"), "admit": ("ADMIT", "NEW"), "cancel_admit": ("ADMIT", "CANCEL"),
    "transfer": ("TRANSFER", "NEW"), "cancel_transfer": ("TRANSFER", "CANCEL"), "discharge": ("DISCHARGE", "NEW"),
    "cancel_discharge": ("DISCHARGE", "CANCEL"), "update": ("PATIENT", "UPDATE"), "merge": ("PATIENT", "MERGE"),
    "book": ("OPSCHEDULE", "NEW"), "rebook": ("OPSCHEDULE", "MOVE"), "revise": ("OPSCHEDULE", "UPDATE"),
    "cancel_booking": ("OPSCHEDULE", "CANCEL"), "no_show": ("OPSCHEDULE", "NOSHOW"),
}  # fmt: skip
_HL7 = {
    "pre_admit": "ADT^A05", "admit": "ADT^A01", "cancel_admit": "ADT^A11", "transfer": "ADT^A02",
    "cancel_transfer": "ADT^A12", "discharge": "ADT^A03", "cancel_discharge": "ADT^A13", "update": "ADT^A08",
    "merge": "ADT^A40", "book": "SIU^S12", "rebook": "SIU^S13", "revise": "SIU^S14", "cancel_booking": "SIU^S15",
    "no_show": "SIU^S26",
}  # fmt: skip
_SEX = {"male": ("男", "1", "M"), "female": ("女", "2", "F")}
_COLUMNS = {"主刀医师": "surgeon", "麻醉医师": "anaesthetist"}


def local(at_us: int) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at_us)).astimezone(CHINA)


def as_json(event: HospitalEvent) -> bytes:
    """As templates/json.toml reads it."""
    patient = event.patient
    what, action = _ZH[event.kind]
    told: dict[str, Any] = {
        "消息ID": event.key,
        "事件": what,
        "操作": action,
        "发生时间": f"{local(event.occurred_us):%Y-%m-%d %H:%M:%S}",
        "登记时间": f"{local(event.recorded_us):%Y/%m/%d %H:%M:%S}",
        "环境": "正式",
        "患者": {
            "病案号": event.number,
            "原病案号": event.old_number,
            "住院号": event.visit,
            "姓名": patient.get("name"),
            "性别": _SEX[patient["sex"]][0] if "sex" in patient else "",
            "出生日期": patient.get("birth_date", ""),
        },
    }
    for name, place in (("位置", event.place), ("原位置", event.prior)):
        if place is not None:
            told[name] = dict(zip(("科室", "房间", "床位", "院区"), place.told.split("^"), strict=False))
    if event.booking is not None:
        told["手术"] = _operation(event.booking)
    return json.dumps(told, ensure_ascii=False).encode()


def _operation(booking: Booking) -> dict[str, Any]:
    assert booking.place is not None
    assert booking.start_us is not None
    return {
        "申请单号": booking.id,
        **dict(zip(("科室", "手术间", "台次", "院区"), booking.place.told.split("^"), strict=True)),
        "计划开始": f"{local(booking.start_us):%Y年%m月%d日 %H:%M}",
        "预计分钟": booking.minutes,
        "类型": {True: "急诊", False: "择期", None: ""}[booking.urgent],
        "备注": booking.note,
        "术式": [{"编码": code.code, "名称": code.text, "编码体系": code.system} for code in booking.procedures],
        "诊断": [{"编码": code.code, "名称": code.text, "编码体系": code.system} for code in booking.diagnoses],
        "人员": [{"姓名": p.name, "工号": p.id, "角色": p.told_role} for p in booking.staff],
    }


def as_soap(event: HospitalEvent, *, version: str = "1.1", encoding: str = "UTF-8") -> bytes:
    """As templates/soap.toml reads it: the message is a text in the envelope."""
    what, action = _BUS[event.kind]
    inner = (
        f'<?xml version="1.0"?><Request><Header env="PROD"><MessageId>{event.key}</MessageId>'
        f"<EventCode>{what}</EventCode><ActionCode>{action}</ActionCode>"
        f"<CreateTime>{event.recorded_us // 1000}</CreateTime></Header><Body><Event>"
        f"<EventTime>{local(event.occurred_us):%Y-%m-%dT%H:%M:%S+08:00}</EventTime>{_patient(event)}"
        f"{_place('Location', event.place)}{_place('PriorLocation', event.prior)}"
        f"{'' if event.booking is None else _booking(event.booking)}</Event></Body></Request>"
    )
    namespace = {
        "1.1": "http://schemas.xmlsoap.org/soap/envelope/", "1.2": "http://www.w3.org/2003/05/soap-envelope"
    }[version]  # fmt: skip
    return (
        f'<?xml version="1.0" encoding="{encoding}"?><s:Envelope xmlns:s="{namespace}"><s:Body>'
        f'<Call xmlns="http://esb.example/his"><message><![CDATA[{inner}]]></message></Call></s:Body></s:Envelope>'
    ).encode(encoding)


def _patient(event: HospitalEvent) -> str:
    patient = event.patient
    sex = _SEX[patient["sex"]][1] if "sex" in patient else ""
    told = {
        "InpatientNo": event.number, "OldInpatientNo": event.old_number, "VisitNo": event.visit,
        "Name": patient.get("name", ""), "Sex": sex, "BirthDate": patient.get("birth_date", "").replace("-", ""),
    }  # fmt: skip
    return f"<Patient>{_elements(told)}</Patient>"


def _elements(told: Mapping[str, str]) -> str:
    return "".join(f"<{name}>{escape(text)}</{name}>" for name, text in told.items())


def _place(name: str, place: Place | None) -> str:
    if place is None:
        return ""
    parts = dict(zip(("DeptCode", "RoomNo", "BedNo", "HospCode"), place.told.split("^"), strict=False))
    return f"<{name}>{_elements(parts)}</{name}>"


def _booking(booking: Booking) -> str:
    assert booking.place is not None
    assert booking.start_us is not None
    told = {
        **dict(zip(("DeptCode", "RoomNo", "SeqNo", "HospCode"), booking.place.told.split("^"), strict=True)),
        "PlanTime": f"{local(booking.start_us):%Y%m%d%H%M}", "PlanMinutes": str(booking.minutes),
        "Level": {True: "E", False: "S", None: ""}[booking.urgent], "Memo": booking.note,
    }  # fmt: skip
    people = "".join(
        f"<Person empNo={quoteattr(p.id)}><Name>{escape(p.name)}</Name><Duty>{escape(p.told_role)}</Duty></Person>"
        for p in booking.staff
    )
    return (
        f"<Operation applyNo={quoteattr(booking.id)}>{_elements(told)}<Procedures>{_items(booking.procedures)}"
        f"</Procedures><Diagnoses>{_items(booking.diagnoses)}</Diagnoses><Staff>{people}</Staff></Operation>"
    )


def _items(codes: Sequence[Code]) -> str:
    return "".join(
        f"<Item code={quoteattr(code.code)} name={quoteattr(code.text)} system={quoteattr(code.system)}/>"
        for code in codes
    )


def as_row(event: HospitalEvent) -> Mapping[str, Any]:
    """Columns as templates/view.toml reads them, of the types that PostgreSQL has."""
    what, action = _ZH[event.kind]
    patient, booking = event.patient, event.booking
    row: dict[str, Any] = {
        "msg_id": event.key, "event": what, "action": action or None, "event_time": local(event.occurred_us),
        "create_time": local(event.recorded_us).replace(tzinfo=None), "env": None, "inpatient_no": event.number,
        "old_inpatient_no": event.old_number or None, "visit_no": event.visit, "name": patient.get("name"),
        "sex": _SEX[patient["sex"]][0] if "sex" in patient else None,
        "birth_date": datetime.fromisoformat(patient["birth_date"]).date() if "birth_date" in patient else None,
    }  # fmt: skip
    for prefix, place in (("", event.place), ("old_", event.prior), ("op_", booking.place if booking else None)):
        names = [f"{prefix}{name}" for name in ("dept_code", "room_no", "seq_no" if prefix == "op_" else "bed_no",
                                                "hosp_code")]  # fmt: skip
        row |= dict(zip(names, place.told.split("^"), strict=False)) if place is not None else {}
    if booking is not None:
        row |= _planned(booking)
    return row


def _planned(booking: Booking) -> Mapping[str, Any]:
    assert booking.start_us is not None
    (procedure,), (diagnosis,) = booking.procedures, booking.diagnoses
    people = {_COLUMNS[p.told_role]: p for p in booking.staff}
    return {
        "apply_no": booking.id, "plan_time": local(booking.start_us), "plan_minutes": booking.minutes,
        "op_level": {True: "急诊", False: "择期", None: None}[booking.urgent], "memo": booking.note,
        "op_code": procedure.code, "op_name": procedure.text, "op_system": procedure.system,
        "diag_code": diagnosis.code, "diag_name": diagnosis.text, "diag_system": diagnosis.system,
        **{column: person.name for column, person in people.items()},
        **{f"{column}_no": person.id for column, person in people.items()},
    }  # fmt: skip


def as_hl7(event: HospitalEvent, *, charset: str = "UNICODE UTF-8", codec: str = "utf-8") -> bytes:
    """HL7 v2.5 with the segments of the fact sheet hl7-adt-billing §1 and §2."""
    patient, kind = event.patient, _HL7[event.kind]
    sex = _SEX[patient["sex"]][2] if "sex" in patient else ""
    number = f"{event.number}^^^HOSP^MR"
    visit = f"{event.visit}^^^HOSP^VN" if event.visit else ""
    born = patient.get("birth_date", "").replace("-", "")
    lines = [f"MSH|^~\\&|HIS|HOSP|AIMS|OR|{_stamp(event.recorded_us)}||{kind}|{event.key}|P|2.5|||AL|NE|CHN|{charset}"]
    if kind.startswith("SIU"):
        assert event.booking is not None
        lines.append(_sch(event.booking))
    else:
        lines.append(f"EVN||{_stamp(event.recorded_us)}||||{_stamp(event.occurred_us)}")
    lines.append(f"PID|1||{number}||{_escaped(patient.get('name', ''))}^^^^^^L||{born}|{sex}")
    if event.kind == "merge":
        lines.append(f"MRG|{event.old_number}^^^HOSP^MR")
    else:
        places = [place.told if place else "" for place in (event.place, event.prior)]
        lines.append(f"PV1|1|I|{places[0]}|||{places[1]}" + "|" * 13 + visit)
    if event.booking is not None:
        lines += _resources(event.booking)
    return ("\r".join(lines) + "\r").encode(codec)


def _stamp(at_us: int) -> str:
    return f"{local(at_us):%Y%m%d%H%M%S}+0800"


def _sch(booking: Booking) -> str:
    assert booking.start_us is not None
    priority = {True: "STAT", False: "ROUTINE", None: ""}[booking.urgent]
    start = _stamp(booking.start_us)
    return f"SCH|{booking.id}^HIS|{booking.id}^HIS|||||{priority}||{booking.minutes}|min^^UCUM|^^^{start}"


def _resources(booking: Booking) -> list[str]:
    assert booking.start_us is not None
    assert booking.place is not None
    start = _stamp(booking.start_us)
    lines = [f"DG1|{n}||{_code(code)}" for n, code in enumerate(booking.diagnoses, 1)]
    lines.append("RGS|1|A")
    lines += [
        f"AIS|{n}|A|{_code(code)}|{start}|||{booking.minutes}|min^^UCUM" for n, code in enumerate(booking.procedures, 1)
    ]
    lines += [f"AIL|1|A|{booking.place.told}|||{start}"]
    lines += [f"AIP|{n}|A|{_person(person)}|{person.told_role}" for n, person in enumerate(booking.staff, 1)]
    return lines


def _code(code: Code) -> str:
    return "^".join(map(_escaped, (code.code, code.text, code.system)))


def _person(person: Person) -> str:
    return f"{person.id}^{_escaped(person.name)}"


def _escaped(text: str) -> str:
    for sign, letter in (("\\", "E"), ("|", "F"), ("^", "S"), ("~", "R"), ("&", "T")):
        text = text.replace(sign, f"\\{letter}\\") if sign == "\\" else text.replace(sign, f"\0{letter}\0")
    return text.replace("\0", "\\")
