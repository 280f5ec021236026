"""`vitalsd migrate`, `account` and `audit`, as a person types them."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from charting.accounts.passwords import Passwords
from charting.store.accounts import DatabaseAccounts
from charting.store.migrate import newest, open_database
from charting.store.trail import DatabaseTrail
from charting.trail.entries import AccountChanged
from tests.system.command import VITALSD, run

PASSWORD = "浪花 over the reef"


def told(password: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run with a password on stdin."""
    return subprocess.run(
        [VITALSD, "account", *arguments], input=f"{password}\n", capture_output=True, text=True, timeout=60, check=False
    )


def test_a_server_gets_both_schemas(database: str) -> None:
    first = run("migrate", database)
    assert first.returncode == 0, first.stderr
    assert first.stdout.splitlines()[-1] == f"applied charting {newest()}"
    assert run("migrate", database).stdout.splitlines()[1:] == ["up to date", "charting up to date"]
    assert run("audit", database, "verify").stdout.splitlines()[-1] == "whole"


def test_a_file_is_what_it_was_made_as(tmp_path: Path) -> None:
    charting, journal = f"sqlite:///{tmp_path / 'c.db'}", f"sqlite:///{tmp_path / 'j.db'}"
    open_database(charting, make=True).close()
    assert run("migrate", charting).stdout == "charting up to date\n"
    for _ in range(2):
        assert run("migrate", journal).stdout == f"{tmp_path / 'j.db'}: up to date\n"


def test_the_first_administrator_comes_from_the_command_line(charting_dsn: str) -> None:
    open_database(charting_dsn, make=True).close()
    made = told(PASSWORD, charting_dsn, "add", "root", "--role", "administrator", "--role", "engineer", "--name", "吴")
    assert (made.returncode, made.stdout) == (0, "root: done\n"), made.stderr
    database = open_database(charting_dsn)
    account = DatabaseAccounts(database).account("root")
    assert account is not None
    assert (account.name, account.roles) == ("吴", frozenset({"administrator", "engineer"}))
    assert Passwords().fits(account.password, PASSWORD)
    (entry,) = DatabaseTrail(database, lambda: 0).all()
    assert (entry.actor, entry.body) == (
        "vitalsd",
        AccountChanged(account="root", name="吴", roles=("administrator", "engineer"), active=True, password=True),
    )
    assert told("another password", charting_dsn, "password", "root").returncode == 0
    changed = DatabaseAccounts(database).account("root")
    assert changed is not None
    assert Passwords().fits(changed.password, "another password")
    database.close()


@pytest.mark.parametrize(
    ("password", "arguments", "reason"),
    [
        ("short", ("add", "x", "--role", "head"), "A password has at least 10 characters."),
        (PASSWORD, ("add", "x"), "An account needs a role."),
        (PASSWORD, ("add", "x", "--role", "boss"), "There is no role boss: expected one of anaesthetist, "),
        (PASSWORD, ("add", "X Y", "--role", "head"), "An account is 1 to 32 small letters"),
        (PASSWORD, ("password", "nobody"), "There is no account nobody."),
    ],
)
def test_what_is_no_account_is_refused(tmp_path: Path, password: str, arguments: tuple[str, ...], reason: str) -> None:
    dsn = f"sqlite:///{tmp_path / 'c.db'}"
    open_database(dsn, make=True).close()
    done = told(password, dsn, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


def test_a_broken_trail_is_exit_status_1(tmp_path: Path) -> None:
    dsn = f"sqlite:///{tmp_path / 'c.db'}"
    assert told(PASSWORD, dsn, "add", "root", "--role", "administrator").returncode == 0
    whole = run("audit", dsn, "verify")
    (head,) = [line.removeprefix("head: ") for line in whole.stdout.splitlines() if line.startswith("head: ")]
    paper = head.partition(" ")[0]
    assert (whole.returncode, whole.stdout.splitlines()[-1]) == (0, "whole")
    assert run("audit", dsn, "verify", "--printed", paper).returncode == 0
    database = open_database(dsn)
    with database.write() as connection:
        connection.execute(text("drop trigger entry_update"))
        connection.execute(text("update entry set text = replace(text, 'administrator', 'quality')"))
    database.close()
    broken = run("audit", dsn, "verify")
    assert broken.returncode == 1
    assert "BROKEN: entry 1 is not what was written, or what stood before it is not" in broken.stdout.splitlines()
    assert "whole" not in broken.stdout.splitlines()


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("sqlite:///no.db", "verify"), "no.db: no such file"),
        (("sqlite:///no.db", "verify", "--printed", "1"), "expected SEQ:HASH as printed"),
        (("host=127.0.0.1 port=1 user=x dbname=x connect_timeout=2", "verify"), "127.0.0.1"),
        (("host = = x", "verify"), "not a DSN"),
        (("sqlite:///no.db", "mend"), "mend"),
    ],
)
def test_a_mistake_is_exit_status_2(arguments: tuple[str, ...], reason: str) -> None:
    done = run("audit", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert reason in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["collector.cli", "collector.daemon"])
def test_a_bed_loads_no_database_of_the_charting(module: str) -> None:
    heavy = "{'sqlalchemy', 'alembic', 'fastapi', 'argon2', 'jinja2', 'charting.store', 'charting.web'}"
    program = f"import sys, {module}; print(*sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == ""
