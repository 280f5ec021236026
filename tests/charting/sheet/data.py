"""A realistic 12-hour anaesthetic and an ICU day, made of entries as the desk writes them."""
# ruff: noqa: E501 (tables of what happened, a line each)

import math
from collections.abc import Iterator
from dataclasses import replace

from charting.case.state import Case, cell_item, fold
from charting.fill.types import Cause, Cell, CellState, Excursion, Gap, Minute
from charting.templates.template import Field, Grid, Option, Section, Slot, Template
from charting.trail.chain import chained
from charting.trail.contents import (
    Answer,
    Attendance,
    Bolus,
    Breathing,
    Charted,
    Coded,
    Consumable,
    Content,
    Event,
    Infusion,
    Pace,
    Patient,
    Rate,
    Remark,
    Score,
    Term,
    Volume,
)
from charting.trail.entries import (
    SYSTEM,
    Body,
    Certified,
    Closed,
    Completeness,
    Entry,
    Filled,
    Opened,
    Set,
    Signed,
    Started,
    Voided,
)

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US
START_US = 1_795_651_200_000_000 + 0  # 2026-11-26 00:00 UTC is 08:00 in Shanghai
ZONE = "Asia/Shanghai"
SITE = "江州市第一人民医院"
NAMES = {"wangf": "王芳", "lixm": "李晓明", "zhaoy": "赵勇"}
DOCUMENT = "d0c0ffee"
FILTER = "fill/1"
SIGNALS = (
    "hr", "spo2", "nibp_sys", "nibp_dia", "abp_sys", "abp_dia", "abp_mean", "cvp", "temp", "rr", "etco2", "fio2", "sevo_et",
    "mac", "bis", "vt", "ppeak", "peep",
)  # fmt: skip


def at(hours: float, minutes: float = 0) -> int:
    """µs of a time after the start."""
    return START_US + round((hours * 60 + minutes) * MINUTE_US)


def term(code: str, zh: str, en: str) -> Term:
    return Term(library="sample", version="1", code=code, zh=zh, en=en)


def template(kind: str = "grid", step_s: int = 300) -> Template:
    number = Field(id="fasting_h", zh="禁食（固体）", en="Fasting (solids)", type="number", unit="h", required=True)
    premedication = Field(id="premedication", zh="术前用药", en="Premedication", type="text", required=True)
    special = Field(id="special", zh="术前特殊情况", en="Special conditions", type="text")
    effect = Field(
        id="effect", zh="麻醉效果", en="Effect", type="choice", options=(Option(code="1", zh="优", en="good"),)
    )
    sections = (Section(id="before", zh="术前", en="Before", fields=(number, premedication, special, effect)),)
    roles = frozenset({"anaesthetist"})
    return Template(
        name="anaesthesia_record" if kind == "grid" else "preop_visit",
        version="1.0.0",
        zh={"grid": "麻醉记录单" if step_s == 300 else "重症监护记录单", "form": "麻醉前访视单"}[kind],
        en={"grid": "Anaesthesia record" if step_s == 300 else "ICU flowsheet", "form": "Pre-operative visit"}[kind],
        kind="grid" if kind == "grid" else "form",
        authors=roles,
        grid=Grid(step_s=step_s, areas=("or",)) if kind == "grid" else None,
        signals=SIGNALS if kind == "grid" else (),
        sections=sections,
        signatures=(
            Slot(slot="anaesthetist", zh="麻醉医师", en="Anaesthetist", roles=roles),
            Slot(slot="supervisor", zh="上级医师", en="Senior", roles=roles),
        ),
    )


class Book:
    """Entries of one case, one after another."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def add(self, at_us: int, actor: str, body: Body) -> None:
        before = self.entries[-1].hash if self.entries else ""
        entry = Entry(seq=len(self.entries) + 1, at_us=at_us, actor=actor, case="case-1", body=body)
        self.entries.append(chained(before, entry))

    def put(self, item: str, content: Content, *, document: str = DOCUMENT, at_us: int = START_US, after: int = 0,
            actor: str = "wangf", reason: str = "") -> None:  # fmt: skip
        self.add(at_us, actor, Set(document=document, item=item, after=after, content=content, reason=reason))

    def case(self) -> Case:
        return fold(self.entries)


def cell(signal: str, mark_us: int, value: float | None, unit: str, *, state: CellState = CellState.CHARTED,
         time_us: int | None = None, rule: str = "", demo: bool = False) -> Cell:  # fmt: skip
    minute = () if value is None else (Minute(minute_us=mark_us, median=value, n=60),)
    return Cell(signal=signal, mark_us=mark_us, time_us=mark_us if time_us is None else time_us, value=value, unit=unit,
                state=state, rule=rule, minutes=minute, demo=demo, filter=FILTER)  # fmt: skip


RESCUE = (at(5, 33), at(5, 45))
ABP_GAP = Gap(signal="abp_sys", start_us=at(1, 40), end_us=at(2, 5), cause=Cause.ARTEFACT, evidence="abp_flush")
BIS_GAP = (at(8, 20), at(8, 47))
CUT = (at(7, 10), at(7, 22))
UNITS = {
    "hr": "/min", "spo2": "%", "temp": "Cel", "rr": "/min", "etco2": "mm[Hg]", "fio2": "%", "sevo_et": "%", "mac": "1",
    "bis": "1", "vt": "mL", "ppeak": "cm[H2O]", "peep": "cm[H2O]", "cvp": "mm[Hg]",
}  # fmt: skip


def marks(hours: float) -> Iterator[int]:
    for n in range(int(hours * 60)):
        when = at(0, n)
        if n % 5 == 0 or RESCUE[0] <= when < RESCUE[1]:
            yield when


def physiology(when: int) -> dict[str, float]:
    t = max((when - START_US) / HOUR_US, 0.0)
    shock = math.exp(-(((t - 5.6) / 0.25) ** 2))
    wave = math.sin(t * 7) * 3 + math.sin(t * 23) * 2
    systolic = round(122 - 14 * math.exp(-((t - 0.5) ** 2) / 0.1) + wave * 1.4 - 58 * shock)
    return {
        "hr": round(72 + wave + 46 * shock), "spo2": round(99 - 5 * shock + (t * 10 % 2) / 2), "abp_sys": systolic,
        "abp_dia": round(systolic * 0.58), "abp_mean": round(systolic * 0.72), "cvp": round(8 + wave / 3 - 3 * shock),
        "temp": round(36.6 - 0.8 * (1 - math.exp(-t / 1.2)) + 0.07 * t, 1), "rr": round(12 + shock * 4),
        "etco2": round(36 + wave / 2 - 9 * shock), "fio2": 50 + round(50 * shock), "sevo_et": round(1.8 - shock, 1),
        "mac": round(0.9 - 0.5 * shock, 1), "bis": round(46 + wave), "vt": round(460 + wave * 3),
        "ppeak": round(17 + wave / 3), "peep": 5,
    }  # fmt: skip


def anaesthetic(hours: float = 12, *, demo: bool = False, signed: bool = True) -> Case:
    """Everything that an anaesthesia record can hold, over 12 hours."""
    book = Book()
    patient = Patient(number="20261187342", name="欧阳建国", sex="male", birth_date="1958-03-14", height_cm=172, weight_kg=70.5,
                      blood_group="A", rhesus="positive", allergies="青霉素（皮疹）", department="肝胆外科", ward="外三病区",
                      ward_bed="17")  # fmt: skip
    book.add(at(0, -8), "wangf", Opened(bed="OR-03", area="or", at_us=at(0, -8), patient=patient))
    book.add(
        at(0, -7), "wangf", Started(document=DOCUMENT, template="anaesthesia_record", version="1.0.0", start_us=at(0))
    )
    _coded(book)
    _answers(book)
    _staff(book)
    _events(book)
    book.put("pace1", Pace(why="rescue", start_us=RESCUE[0], end_us=RESCUE[1]), document="", at_us=RESCUE[0])
    _fill(book, hours, demo=demo)
    _drugs(book)
    _fluids(book)
    _edits(book)
    if signed:
        digest = "a" * 64
        book.add(at(12, 31), "wangf", Signed(document=DOCUMENT, version=1, slot="anaesthetist", digest=digest))
        book.add(at(12, 40), "lixm", Signed(document=DOCUMENT, version=1, slot="supervisor", digest=digest))
    book.add(at(12, 50), "wangf", Closed(at_us=at(12, 50)))
    gaps = (replace(ABP_GAP, evidence="abp.flush"), *(_cut(signal) for signal in ("hr", "spo2")))
    counts = tuple(
        Completeness(signal=s, expected=720, received=700 - n, charted=690 - 2 * n) for n, s in enumerate(SIGNALS)
    )
    book.add(at(12, 51), SYSTEM, Certified(document=DOCUMENT, start_us=at(0), end_us=at(hours), signals=counts, gaps=gaps,
                                           filter=FILTER))  # fmt: skip
    return book.case()


def _coded(book: Book) -> None:
    chosen = {
        "asa": ("3", "III 级", "III"),
        "diagnosis_before": (
            "C22.0",
            "原发性肝细胞癌（右叶巨块型），乙型肝炎后肝硬化，门静脉高压症",
            "Hepatocellular carcinoma, cirrhosis",
        ),
        "planned_procedure": ("50.3", "右半肝切除术＋胆囊切除术＋门静脉取栓术", "Right hepatectomy, cholecystectomy"),
        "diagnosis_after": ("C22.0", "原发性肝细胞癌", "Hepatocellular carcinoma"),
        "procedure": ("50.3", "右半肝切除术＋胆囊切除术", "Right hepatectomy and cholecystectomy"),
        "technique": ("41", "静吸复合全身麻醉（气管插管）", "Combined inhaled and intravenous general anaesthesia"),
        "position": ("1", "仰卧位", "Supine"),
    }
    for use, (code, zh, en) in chosen.items():
        book.put(f"coded-{use}", Coded(use=use, term=term(code, zh, en)), document="")


def _answers(book: Book) -> None:
    answers: dict[str, str | float] = {
        "fasting_h": 10.0,
        "premedication": "咪达唑仑 2 mg 静注",
        "special": "食管胃底静脉曲张（中度），血小板 76×10⁹/L",
    }
    for field, value in answers.items():
        book.put(f"field:{field}", Answer(field=field, value=value))


def _staff(book: Book) -> None:
    people = (
        ("anaesthetist", "王芳", at(0, -5), at(12, 20)), ("anaesthetist", "李晓明", at(0, 10), None),
        ("surgeon", "陈国栋", at(0, 50), at(11, 40)), ("assistant", "刘洋", at(0, 45), at(11, 50)),
        ("scrub_nurse", "孙丽", at(0, 20), at(6)), ("scrub_nurse", "周敏", at(6), at(12)),
        ("circulating_nurse", "吴倩", at(0, -6), at(12, 10)),
    )  # fmt: skip
    for n, (role, name, in_us, out_us) in enumerate(people):
        book.put(f"staff{n}", Attendance(role=role, name=name, in_us=in_us, out_us=out_us), document="")


def _events(book: Book) -> None:
    said: tuple[tuple[str, int, int, dict[str, str]], ...] = (
        ("t_room_in", 0, 2, {}), ("t_anes_start", 0, 12, {}), ("t_induction", 0, 13, {}), ("t_tube_in", 0, 19, {"device": "ETT"}),
        ("t_position", 0, 40, {}), ("t_incision", 1, 5, {}), ("t_surg_end", 11, 25, {}), ("t_tube_out", 11, 48, {"place": "OR"}),
        ("t_anes_end", 11, 55, {}), ("t_room_out", 11, 58, {"to": "icu"}),
    )  # fmt: skip
    for n, (key, hours, minutes, details) in enumerate(said):
        book.put(
            f"event{n}",
            Event(key=key, at_us=at(hours, minutes), details=details),
            document="",
            at_us=at(hours, minutes + 1),
        )
    notes = (
        (2, 10, "第一次肝门阻断开始"), (2, 25, "阻断解除"), (2, 40, "第二次肝门阻断开始"), (2, 55, "阻断解除"),
        (4, 2, "动脉血气：pH 7.33，PaCO₂ 41 mmHg，PaO₂ 212 mmHg，BE −4.1，Lac 3.6 mmol/L，Hb 82 g/L，Ca²⁺ 1.02 mmol/L"),
        (5, 33, "门静脉壁撕裂，快速失血约 1200 mL，血压 62/35 mmHg，启动大量输血预案"), (5, 36, "肾上腺素 20 µg 静注 ×2"),
        (5, 38, "外科压迫止血成功"), (5, 46, "循环趋于稳定，停止抢救"), (9, 0, "动脉血气：pH 7.38，Lac 2.4 mmol/L，Hb 91 g/L"),
    )  # fmt: skip
    for n, (hours, minutes, text) in enumerate(notes):
        late = 75 if hours == 5 else 2
        book.put(
            f"note{n}",
            Event(key="note", at_us=at(hours, minutes), note=text),
            document="",
            at_us=at(hours, minutes + late),
        )
    book.put("remark1", Remark(at_us=at(6), text="洗手护士交接，器械清点无误", handover="周敏"), at_us=at(6, 1))


def _cut(signal: str) -> Gap:
    return Gap(
        signal=signal,
        start_us=CUT[0],
        end_us=CUT[1],
        cause=Cause.NETWORK,
        certain=False,
        evidence="monitor and machine unreachable",
    )


def _fill(book: Book, hours: float, *, demo: bool) -> None:
    cells: list[Cell] = []
    for when in marks(hours):
        if CUT[0] <= when < CUT[1]:
            continue
        for signal, value in physiology(when).items():
            if signal.startswith("abp"):
                if when < at(0, 30) or ABP_GAP.start_us <= when < ABP_GAP.end_us:
                    continue
                cells.append(cell(signal, when, value, "mm[Hg]", demo=demo))
                continue
            if signal in {"etco2", "rr", "sevo_et", "mac", "vt", "ppeak", "peep", "fio2"} and not at(
                0, 20
            ) <= when < at(11, 48):
                continue
            if (signal == "cvp" and when < at(0, 45)) or (signal == "bis" and BIS_GAP[0] <= when < BIS_GAP[1]):
                continue
            held = signal == "spo2" and when in {at(3, 15), at(3, 20)}
            shown = 63 if held else value
            cells.append(cell(signal, when, shown, UNITS[signal], state=CellState.HELD if held else CellState.CHARTED,
                              rule="spo2_soft" if held else "", demo=demo))  # fmt: skip
        if when < at(0, 30) or ABP_GAP.start_us <= when < ABP_GAP.end_us or (when - START_US) % (30 * MINUTE_US) == 0:
            truth = physiology(when)
            own = when + (2 * MINUTE_US if (when // MINUTE_US) % 2 else 0)
            cells.append(cell("nibp_sys", when, truth["abp_sys"] + 4, "mm[Hg]", time_us=own, demo=demo))
            cells.append(cell("nibp_dia", when, truth["abp_dia"] + 2, "mm[Hg]", time_us=own, demo=demo))
    signals = ("abp_sys", "abp_dia", "abp_mean")
    gaps = [
        Gap(signal=s, start_us=ABP_GAP.start_us, end_us=ABP_GAP.end_us, cause=Cause.ARTEFACT, evidence="abp_flush")
        for s in signals
    ]
    gaps += [_cut(signal) for signal in SIGNALS if not signal.startswith("nibp")]
    gaps.append(Gap(signal="bis", start_us=BIS_GAP[0], end_us=BIS_GAP[1], cause=Cause.CABLE, evidence="lead off"))
    found = [
        Excursion(
            signal="abp_sys", mark_us=at(4, 20), start_us=at(4, 19), end_us=at(4, 21), extreme=168, unit="mm[Hg]"
        ),
        Excursion(signal="spo2", mark_us=at(6, 10), start_us=at(6, 9), end_us=at(6, 11), extreme=88, unit="%"),
    ]
    book.add(at(hours), SYSTEM, Filled(document=DOCUMENT, since_us=at(0), until_us=at(hours), cells=tuple(cells), gaps=tuple(gaps),
                                       excursions=tuple(found)))  # fmt: skip


def _drugs(book: Book) -> None:
    def infuse(id_: str, what: str, code: str, zh: str, en: str, unit: str, rates: list[tuple[float, float, float]],
               stop: tuple[float, float] | None, **more: object) -> None:  # fmt: skip
        content = Infusion(what=what, drug=term(code, zh, en), unit=unit,  # type: ignore[arg-type]
                           rates=tuple(Rate(at_us=at(h, m), rate=r) for h, m, r in rates),
                           stop_us=None if stop is None else at(*stop), **more)  # type: ignore[arg-type]  # fmt: skip
        book.put(id_, content)

    infuse(
        "g1",
        "gas",
        "O2",
        "氧气",
        "Oxygen",
        "L/min",
        [(0, 5, 6), (0, 22, 1), (5, 33, 4), (5, 50, 1), (11, 25, 6)],
        (11, 56),
    )
    infuse("g2", "gas", "AIR", "空气", "Air", "L/min", [(0, 22, 1), (5, 33, 0), (5, 50, 1)], (11, 25))
    infuse(
        "g3",
        "vapour",
        "SEVO",
        "七氟烷",
        "Sevoflurane",
        "%",
        [(0, 22, 2), (1, 0, 1.5), (5, 33, 0.5), (6, 5, 1.5), (11, 0, 1)],
        (11, 20),
    )
    infuse("i1", "drug", "REMI", "瑞芬太尼", "Remifentanil", "ug/kg/min", [(0, 14, 0.1), (1, 3, 0.2), (3, 0, 0.15), (5, 34, 0.05),
           (6, 0, 0.12)], (11, 30), total=5.8, total_unit="mg")  # fmt: skip
    infuse(
        "i2",
        "drug",
        "PROP",
        "丙泊酚",
        "Propofol",
        "mg/kg/h",
        [(0, 20, 3), (2, 0, 2.5)],
        (11, 15),
        total=1850,
        total_unit="mg",
    )
    infuse("i3", "drug", "NORA", "去甲肾上腺素", "Noradrenaline", "ug/kg/min", [(0, 40, 0.03), (2, 12, 0.06), (2, 26, 0.03), (5, 33, 0.1),
           (5, 35, 0.2), (5, 37, 0.35), (5, 39, 0.5), (5, 42, 0.4), (5, 46, 0.3), (5, 55, 0.2), (6, 5, 0.12), (6, 20, 0.08),
           (7, 0, 0.05), (8, 0, 0.03)], (11, 10), concentration="40 µg/mL", device="pump-1")  # fmt: skip
    infuse("i4", "drug", "CISA", "顺式阿曲库铵", "Cisatracurium", "ug/kg/min", [(0, 45, 1.5), (10, 30, 0)], (10, 45))
    boluses: list[tuple[str, str, str, str, list[tuple[int, int, float]]]] = [
        ("MIDA", "咪达唑仑", "Midazolam", "mg", [(0, 12, 2)]), ("PROP", "丙泊酚", "Propofol", "mg", [(0, 13, 120)]),
        ("SUFE", "舒芬太尼", "Sufentanil", "ug", [(0, 13, 30), (1, 2, 15), (4, 0, 10), (11, 10, 5)]),
        ("CISA", "顺式阿曲库铵", "Cisatracurium", "mg", [(0, 14, 16)]), ("EPHE", "麻黄碱", "Ephedrine", "mg", [(0, 24, 6), (0, 27, 6)]),
        ("EPIN", "肾上腺素", "Adrenaline", "ug", [(5, 34, 20), (5, 36, 20), (5, 37, 50)]),
        ("CACL", "氯化钙", "Calcium chloride", "g", [(5, 38, 1), (5, 50, 0.5), (9, 5, 0.5)]),
        ("TXA", "氨甲环酸", "Tranexamic acid", "g", [(1, 0, 1), (5, 40, 1)]), ("CEFU", "头孢呋辛", "Cefuroxime", "g", [(0, 35, 1.5), (3, 40, 1.5), (6, 40, 1.5)]),
        ("DEXA", "地塞米松", "Dexamethasone", "mg", [(0, 30, 10)]), ("NEOS", "新斯的明", "Neostigmine", "mg", [(11, 35, 2)]),
        ("ATRO", "阿托品", "Atropine", "mg", [(11, 35, 1)]), ("OND", "昂丹司琼", "Ondansetron", "mg", [(11, 0, 4)]),
    ]  # fmt: skip
    n = 0
    for code, zh, en, unit, doses in boluses:
        for hours, minutes, dose in doses:
            book.put(f"b{n}", Bolus(drug=term(code, zh, en), dose=dose, unit=unit, route="iv", at_us=at(hours, minutes)),
                     at_us=at(hours, minutes))  # fmt: skip
            n += 1


def _fluids(book: Book) -> None:
    given: list[tuple[str, str, str, list[tuple[int, int, int, int]]]] = [
        ("in", "crystalloid", "醋酸林格液", [(0, 5, 500, 50), (1, 0, 500, 75), (2, 30, 500, 90), (4, 30, 500, 60), (6, 30, 500, 120), (9, 0, 500, 150)]),
        ("in", "colloid", "琥珀酰明胶", [(2, 0, 500, 60), (5, 33, 500, 12)]), ("in", "colloid", "20% 白蛋白", [(6, 30, 100, 60)]),
        ("in", "blood", "红细胞悬液", [(5, 35, 400, 15), (5, 52, 400, 25), (6, 20, 400, 45)]), ("in", "blood", "新鲜冰冻血浆", [(5, 48, 400, 40), (6, 30, 400, 60)]),
        ("in", "autologous", "回收式自体血", [(5, 45, 620, 30)]),
        ("out", "urine", "", [(1, 0, 80, 0), (2, 0, 60, 0), (3, 0, 70, 0), (4, 0, 50, 0), (5, 0, 45, 0), (6, 0, 20, 0), (7, 0, 60, 0), (8, 0, 110, 0),
                              (9, 0, 130, 0), (10, 0, 120, 0), (11, 30, 200, 0)]),
        ("out", "blood_loss", "", [(2, 30, 300, 0), (4, 0, 250, 0), (5, 40, 1200, 0), (7, 0, 300, 0), (11, 20, 250, 0)]),
    ]  # fmt: skip
    n = 0
    for way, group, what, runs in given:
        for hours, minutes, ml, long in runs:
            end = at(hours, minutes + long) if long else None
            book.put(f"v{n}", Volume(way=way, group=group, what=what, ml=ml, start_us=at(hours, minutes), end_us=end),  # type: ignore[arg-type]
                     at_us=at(hours, minutes + 1))  # fmt: skip
            n += 1
    for n, (hours, minutes, way, mode) in enumerate(
        [(0, 5, "spontaneous", ""), (0, 16, "assisted", "手控"), (0, 20, "controlled", "VCV"), (6, 10, "controlled", "PCV-VG"),
         (11, 30, "assisted", "PSV"), (11, 42, "spontaneous", "")]
    ):  # fmt: skip
        book.put(f"breath{n}", Breathing(at_us=at(hours, minutes), way=way, mode=mode))  # type: ignore[arg-type]
    book.put(
        "c1",
        Consumable(
            term=term("ETT75", "气管导管（加强型）7.5#", "Tracheal tube 7.5"), n=1, at_us=at(0, 19), lot="B2602311"
        ),
    )
    book.put(
        "c2",
        Consumable(
            term=term("CVC", "双腔中心静脉导管 7Fr", "Central venous catheter 7Fr"), n=1, at_us=at(0, 38), lot="C88120"
        ),
    )


EDIT_US = at(2, 30)
MANUAL_US = at(7, 15)


def _edits(book: Book) -> None:
    def charted(signal: str, when: int, value: float, unit: str, **more: object) -> Charted:
        return Charted(signal=signal, mark_us=when, time_us=when, value=value, unit=unit, **more)  # type: ignore[arg-type]

    for signal, value, unit in (("hr", 78, "/min"), ("abp_sys", 101, "mm[Hg]")):
        book.put(cell_item(signal, EDIT_US), charted(signal, EDIT_US, value, unit), at_us=EDIT_US + 9 * MINUTE_US,
                 reason="diathermy")  # fmt: skip
    book.put(cell_item("hr", EDIT_US), charted("hr", EDIT_US, 76, "/min"), after=1, at_us=at(12, 5), actor="lixm",
             reason="judgement: 与触诊脉搏一致")  # fmt: skip
    for signal, value, unit in (
        ("nibp_sys", 112, "mm[Hg]"),
        ("nibp_dia", 66, "mm[Hg]"),
        ("hr", 84, "/min"),
        ("spo2", 99, "%"),
    ):
        book.put(cell_item(signal, MANUAL_US), charted(signal, MANUAL_US, value, unit), at_us=MANUAL_US + 20 * MINUTE_US,
                 reason="other: 断网期间手测")  # fmt: skip
    book.add(
        at(12, 6), "wangf", Voided(document=DOCUMENT, item=cell_item("spo2", at(3, 15)), after=0, reason="probe_off")
    )
    book.put(
        "event4", Event(key="t_position", at_us=at(0, 42)), document="", at_us=at(12, 7), after=1, reason="typing_error"
    )
    book.add(at(12, 8), "wangf", Voided(document=DOCUMENT, item="b5", after=1, reason="typing_error"))
    book.put("b8", Bolus(drug=term("EPHE", "麻黄碱", "Ephedrine"), dose=9, unit="mg", route="iv", at_us=at(0, 27)), after=1,
             at_us=at(12, 9), reason="typing_error")  # fmt: skip


def icu(hours: int = 30, *, close: bool = True) -> Case:
    """A day and six hours on the ICU, with two hours of closer watching."""
    book = Book()
    patient = Patient(number="20261187342", name="欧阳建国", sex="male", birth_date="1958-03-14", weight_kg=70.5, department="重症医学科",
                      ward="ICU", ward_bed="6")  # fmt: skip
    book.add(at(-1), "zhaoy", Opened(bed="ICU-06", area="icu", at_us=at(-1), patient=patient))
    book.add(at(-1), "zhaoy", Started(document=DOCUMENT, template="icu_flowsheet", version="1.0.0", start_us=at(-1)))
    if close:
        book.put("pace1", Pace(why="close", start_us=at(3), end_us=at(5)), document="")
    cells: list[Cell] = []
    quarter = HOUR_US // 4
    for n in range(-4, hours * 4):
        when = START_US + n * quarter
        if n % 4 and not (close and at(3) <= when < at(5)):
            continue
        for signal, value in physiology(when - 4 * HOUR_US).items():
            if signal not in {"sevo_et", "mac", "bis"} and not (signal == "cvp" and at(10) <= when < at(13)):
                unit = "mm[Hg]" if signal.startswith("abp") else UNITS[signal]
                cells.append(cell(signal, when, value, unit))
        if n % 4 == 0:
            cells += [
                cell(s, when, 118 - 50 * (s == "nibp_dia"), "mm[Hg]", time_us=when + 7 * MINUTE_US)
                for s in ("nibp_sys", "nibp_dia")
            ]
    gap = Gap(signal="cvp", start_us=at(9, 20), end_us=at(13), cause=Cause.CABLE, evidence="line out")
    book.add(
        at(hours),
        SYSTEM,
        Filled(document=DOCUMENT, since_us=at(-1), until_us=at(hours), cells=tuple(cells), gaps=(gap,), excursions=()),
    )
    rates = tuple(
        Rate(at_us=at(h), rate=r)
        for h, r in ((-1, 0.3), (1, 0.25), (2.5, 0.4), (4, 0.3), (9, 0.2), (16, 0.1), (22, 0.05))
    )
    book.put(
        "i1",
        Infusion(
            what="drug",
            drug=term("NORA", "去甲肾上腺素", "Noradrenaline"),
            unit="ug/kg/min",
            rates=rates,
            stop_us=at(26),
        ),
    )
    book.put(
        "i2",
        Infusion(
            what="drug", drug=term("PROP", "丙泊酚", "Propofol"), unit="mg/kg/h", rates=(Rate(at_us=at(-1), rate=1.5),)
        ),
    )
    book.put("b1", Bolus(drug=term("FURO", "呋塞米", "Furosemide"), dose=20, unit="mg", route="iv", at_us=at(8, 20)))
    for hour in range(-1, hours):
        book.put(
            f"in{hour}",
            Volume(way="in", group="crystalloid", what="复方氯化钠", ml=80, start_us=at(hour), end_us=at(hour, 59)),
        )
        book.put(f"ur{hour}", Volume(way="out", group="urine", what="", ml=45 + hour % 5 * 10, start_us=at(hour, 30)))
        if hour % 4 == 0:
            book.put(f"dr{hour}", Volume(way="out", group="drain", what="腹腔引流", ml=60, start_us=at(hour, 10)))
            book.put(f"ra{hour}", Score(scale="RASS", at_us=at(hour), parts={"rass": -2}, total=-2))
            book.put(f"gc{hour}", Score(scale="GCS", at_us=at(hour), parts={"e": 3, "v": 1, "m": 6}, total=10))
    book.put(
        "remark1", Remark(at_us=at(4), text="大出血后二次探查返回，腹腔引流血性液 60 mL/h", handover=""), at_us=at(4, 2)
    )
    book.put(
        "remark2", Remark(at_us=at(8), text="白班交中班：去甲肾上腺素减量中，注意尿量", handover="周敏"), at_us=at(8, 2)
    )
    book.put("remark3", Remark(at_us=at(16), text="夜班接班", handover="孙丽"), at_us=at(16, 2))
    return book.case()


def visit() -> Case:
    """A form: short and long answers, one required one not given."""
    book = Book()
    patient = Patient(temporary="急诊-20261126-1", sex="female", age="约 40 岁")
    book.add(
        at(-8), "wangf", Opened(bed="OR-03", area="or", at_us=at(-8), patient=patient, emergency=True, is_test=True)
    )
    book.add(at(-8), "wangf", Started(document=DOCUMENT, template="preop_visit", version="1.0.0", start_us=at(-8)))
    long = "既往高血压病史 12 年，口服氨氯地平 5 mg 每日一次，血压控制尚可；" * 6 + '<无> & "过敏"。'
    book.put("field:special", Answer(field="special", value=long))
    book.put("field:effect", Answer(field="effect", value="1"))
    book.put("field:fasting_h", Answer(field="fasting_h", value=6.5))
    return book.case()
