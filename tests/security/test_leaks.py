"""Nothing that others could read names a patient: logs, metrics, names of files, processes, what goes wrong."""

import base64
import urllib.request

import psycopg
import pytest

from tests.security.case import WORDS, Case
from tests.security.forms import found
from tests.security.ward import PASSWORD, Ward, until

METRICS = ("OR-03.toml:9182", "charting.toml:9183", "FEED-ICU.toml:9183")


@pytest.mark.parametrize(
    "text",
    [
        "patient 欧阳慧敏".encode(),
        "x欧阳慧敏".encode("gb18030"),
        b"GET /?text=%e6%ac%a7%E9%98%B3",
        b'{"name": "\\u6b27\\u9633"}',
        b"E6 AC A7 E9 98 B3",
        b"..77304188520..",
        b"zborowska",
        *(base64.b64encode(b"x" * n + "欧阳慧敏".encode()) for n in range(3)),
    ],
)
def test_a_word_is_found_however_it_is_written(text: bytes) -> None:
    assert found(text, WORDS)


def test_the_patients_are_in_the_store(case: Case) -> None:
    """What is looked for below was really told."""

    def stored() -> bytes:
        with psycopg.connect(case.ward.dsn) as connection:
            told = connection.execute("select distinct body::text from vitalsd.identity where kind = 'patient'")
            charted = connection.execute("select string_agg(to_jsonb(e)::text, '') from charting.entry as e")
            return ("".join(body for (body,) in told.fetchall()) + str(charted.fetchone())).encode()

    until(lambda: all(found(stored(), [word]) for word in WORDS))


def test_logs_name_no_patient(case: Case) -> None:
    for name, program in case.ward.programs.items():
        assert len(program.said.splitlines()) >= (2 if name == "feed" else 4), name
        assert found(program.said, WORDS) == [], name


def test_metrics_name_no_patient(place: Ward) -> None:
    for port in METRICS:
        with urllib.request.urlopen(f"{place.url(port)}/metrics") as answer:
            text = answer.read()
        assert b"vitalsd_build_info" in text
        assert found(text, [*WORDS, PASSWORD]) == [], port


def test_answers_to_mistakes_name_no_patient(case: Case) -> None:
    assert len(case.answers) > 8
    for answer in case.answers:
        assert found(answer, WORDS) == [], answer[:300]


def test_files_and_processes_name_neither_patient_nor_password(place: Ward) -> None:
    names = "\n".join(str(path.relative_to(place.state)) for path in place.state.rglob("*"))
    assert "journal.db" in names
    assert found(names.encode(), WORDS) == []
    for program in place.programs.values():
        for what in ("cmdline", "comm", "environ"):
            with open(f"/proc/{program.process.pid}/{what}", "rb") as file:  # noqa: PTH123
                text = file.read()
            assert text
            assert found(text, [*WORDS, PASSWORD]) == []


def test_the_password_is_in_no_log(place: Ward) -> None:
    for program in place.programs.values():
        assert found(program.said, [PASSWORD]) == []
