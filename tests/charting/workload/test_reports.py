"""`vitalsd workload` as a person types it, and a month on paper."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook
from typer.testing import CliRunner, Result

from charting.reports.workload import pages
from charting.reports.workload_listing import lines
from charting.store.migrate import open_database
from charting.store.trail import DatabaseTrail
from charting.trail.trail import MemoryTrail
from charting.workload.ledger import Ledger, Statement
from charting.workload.scheme import scheme
from charting.workload.telling import Teller
from charting.workload_report import counted
from collector.cli import app
from collector.errors import UsageError
from tests.charting.clock import Clock
from tests.charting.desk.scenes import desk_on
from tests.charting.sheet.drawn import texts, whole
from tests.charting.workload import department
from tests.charting.workload.cases import DAY, TEMPLATES, Plan, at
from tests.charting.workload.department import ANN, MONTH
from tests.charting.workload.test_ledger import HEAD, NAMES, OCTOBER, regrade
from tests.system.command import run

LONG = "name:a name as long as a name of a person of this hospital may be, and longer"


@pytest.fixture(scope="module")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> str:
    found = f"sqlite:///{tmp_path_factory.mktemp('workload') / 'charting.db'}"
    database = open_database(found, make=True)
    department.put(DatabaseTrail(database, lambda: at("2026-11-24 14:00")))
    database.close()
    return found


def here(*arguments: str) -> Result:
    """In this process: what it prints, and the error that would be the caller's mistake."""
    return CliRunner().invoke(app, ["workload", *arguments])


def test_a_month_as_json_and_as_files(dsn: str, tmp_path: Path) -> None:
    paper, book = tmp_path / "w.pdf", tmp_path / "w.xlsx"
    ended = run("workload", dsn, "--month", MONTH, "--json", "--lang", "zh", "--pdf", str(paper), "--xlsx", str(book))
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout)
    assert {p["person"]: p["score"] for p in told["people"]} == OCTOBER
    assert (told["month"], told["formula"], told["cases"], told["locked"]) == (MONTH, scheme().formula, 4, None)
    assert sum(line["score"] for line in told["lines"]) == pytest.approx(sum(OCTOBER.values()))
    assert [(w["case"], w["text"]) for w in told["waiting"]] == [("case-d", "未签名")]
    assert paper.read_bytes().startswith(b"%PDF-")
    assert load_workbook(book).sheetnames == ["人员", "各例明细", "未计入", "补计", "评分方案"]


def test_a_month_as_a_table(dsn: str) -> None:
    said = here(dsn, "--month", MONTH)
    assert said.exit_code == 0
    table = said.stdout.splitlines()
    assert table[0] == f"Workload of {MONTH}"
    (row,) = [line for line in table if line.startswith("Anaesthetist ")]
    assert re.split(r"\s{2,}", row)[1:] == [
        "7.763", "7.763", "–", "3:40", "4:10", "3", "0:30", "1", "0:30", "1:00", "–", "–",
    ]  # fmt: skip
    assert "  10-20 OR-03 case-d  Anaesthesia  Anaesthesia record: not signed" in table
    assert "没有工作量" not in said.stdout
    assert "Nothing of this month" in here(dsn, "--month", "2026-08").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--month", "2026"), "Expected a month"),
        (("--month", "2026-10", "--config", "/nowhere.toml"), "/nowhere.toml"),
        (("--month", "2026-10", "--pdf", "/nowhere/w.pdf"), "/nowhere/w.pdf: cannot be written"),
    ],
)
def test_a_caller_s_mistake_is_told(arguments: tuple[str, ...], said: str, dsn: str) -> None:
    failed = here(dsn, *arguments).exception
    assert isinstance(failed, UsageError)
    assert said in str(failed)


def test_the_charting_s_file_says_hospital_zone_and_scheme(dsn: str, tmp_path: Path) -> None:
    own = Path(__file__).parents[3] / "config" / "workload-2010.toml"
    config = tmp_path / "charting.toml"
    config.write_text(
        f'[charting]\nlisten = "127.0.0.1:8443"\nsite = "示例医院"\nzone = "Europe/London"\ndatabase = "{dsn}"\n'
        f'beds = [{{ id = "OR-03", journal = "/var/lib/vitalsd/OR-03/journal.db" }}]\n[workload]\nscheme = "{own}"\n',
        encoding="utf-8",
    )
    made = counted(dsn, MONTH, config=config, lang="en")
    assert (made.site, made.statement.month.zone, made.statement.scheme.version) == (
        "示例医院",
        "Europe/London",
        "2010/1",
    )
    # two rooms: 1.5, the shorter one 1.5 x 50 % as a whole; a line 0.5; handed over, the first keeps all of 3.0
    ann = made.statement.month.of(ANN)
    assert ann is not None
    assert float(ann.score) == 1.5 + 0.5 + 0.75 + 3.0


def statement(*plans: Plan, month: str = "2026-11") -> tuple[Statement, Clock, Ledger]:
    clock = Clock(at("2026-12-24 14:00"))
    trail = MemoryTrail(clock.now_us)
    for plan in plans:
        plan.put(trail)
    ledger = Ledger(desk_on(trail, clock), scheme(), lambda: NAMES)
    return ledger.statement(ledger.period(month)), clock, ledger


def teller(of: Statement, clock: Clock, lang: str) -> Teller:
    desk = desk_on(MemoryTrail(clock.now_us), clock)
    return Teller(lang, desk.clock, of.scheme, TEMPLATES, lambda account: NAMES.get(account, account))


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("person", ["", LONG])
def test_a_month_on_paper_has_no_text_over_another(lang: str, person: str) -> None:
    """Sixty cases of people with long names, over several pages."""
    plans = [
        Plan(
            id=f"c{n}",
            day=f"2026-11-{n % 28 + 1:02}",
            bed="导管室-第三介入手术间",
            area="offsite",
            anaesthesia=("16:05", "2026-12-01 03:07") if n == 27 else ("16:05", "23:07"),
            people=[("anaesthetist", LONG, "08:00", ""), ("anaesthesia_trainee", f"name:进修{n}", "08:00", "")],
            procedures=["36.1200", "35.2200"],
            techniques=["41", "33"],
            asa="L4E",
            answers={"anaesthesia_record": {"procedures": ("arterial_line", "cvc", "tee")}},
            signed=() if n % 9 == 4 else ("anaesthesia_record",),
        )
        for n in range(60)
    ]
    found, clock, _ = statement(*plans)
    tell = teller(found, clock, lang)
    drawn = [ET.fromstring(page) for page in pages(found, tell, site="示范医院", person=person)]
    assert len(drawn) > 1
    for page in drawn:
        said = texts(page)
        assert not [(a.text, b.text) for n, a in enumerate(said) for b in said[n + 1 :] if a.hits(b)]
        assert all(t.left > 0 and t.right <= 2045 for t in said)
    if person:
        written = whole(drawn)
        one = found.month.of(person)
        assert one is not None
        assert tell.points(one.score) in written
        assert sum(line.person == person for line in found.month.lines) == 53


def test_what_stands_on_paper_is_what_the_month_says() -> None:
    clock = Clock(at("2026-11-24 14:00"))
    trail = MemoryTrail(clock.now_us)
    department.put(trail)
    ledger = Ledger(desk_on(trail, clock), scheme(), lambda: NAMES)
    found = ledger.statement(ledger.period(MONTH))
    for lang, words in (("zh", ("2026-10 工作量", "王医生", "未计入 (1)", "麻醉记录单: 未签名", "第 1 页 共 1 页")),
                        ("en", ("Workload of 2026-10", "Not yet counted (1)", "Page 1 of 1"))):  # fmt: skip
        tell = teller(found, clock, lang)
        written = whole([ET.fromstring(page) for page in pages(found, tell, site="示范医院")])
        for said in (*words, *(f"{score:.3f}" for score in OCTOBER.values()), scheme().formula):
            assert said in written
        assert "张三" not in written
    assert DAY not in "\n".join(lines(found, teller(found, clock, "zh")))


def test_a_locked_month_on_paper_and_in_a_terminal_says_what_differs() -> None:
    clock = Clock(at("2026-11-24 14:00"))
    trail = MemoryTrail(clock.now_us)
    department.put(trail)
    ledger = Ledger(desk_on(trail, clock), scheme(), lambda: NAMES)
    ledger.lock(HEAD, ledger.period(MONTH))
    regrade(trail, "4", 1)
    found = ledger.statement(ledger.period(MONTH))
    tell = teller(found, clock, "en")
    written = whole([ET.fromstring(page) for page in pages(found, tell, site="示范医院")])
    for said in ("Locked by 主任 on 2026-11-24 14:00", "Differences since the lock", "8.213", "+0.450"):
        assert said in written
    assert "  王医生  +0.450" in list(lines(found, tell))
    november = ledger.statement(ledger.period("2026-11"))
    assert "from 2026-10" in whole([ET.fromstring(p) for p in pages(november, tell, site="", person=ANN)])
