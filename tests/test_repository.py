"""What the repository says of itself is true."""

import json
import re
import shutil
import tomllib
from pathlib import Path

import psycopg
import pytest

from charting.config import ChartingConfig, is_charting
from charting.config import load as load_charting
from charting.workload.scheme import scheme
from collector import __version__
from collector.config import load, read
from collector.migrate import migrate
from collector.update.config import load as load_update
from tests.store.certificates import Authority
from tools.devices import with_table

TOP = Path(__file__).parents[1]
READMES = ["README.md", "README.zh-CN.md"]


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-dev.lock"])
def test_a_lock_pins_by_hash_and_names_no_place(lock: str) -> None:
    text = (TOP / lock).read_text(encoding="utf-8")
    for entry in text.replace("\\\n", "").splitlines():
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^/]+?)?(\s+--hash=sha256:[0-9a-f]{64})+", entry)


def test_the_locks_agree_and_hold_every_requirement() -> None:
    runs, tests = (
        set(re.findall(r"^([a-z0-9.-]+==\S+)", (TOP / lock).read_text(encoding="utf-8"), re.MULTILINE))
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert runs <= tests
    wanted = tomllib.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.match(r"[a-z0-9-]+", requirement)[0] for requirement in wanted}  # type: ignore[index]
    assert names <= {pin.partition("==")[0] for pin in runs}


def test_the_lock_of_the_community_edition_pins_by_hash_and_names_no_place() -> None:
    text = (TOP / "tests/community/package-lock.json").read_text(encoding="utf-8")
    assert "://" not in text
    packages = {name: entry for name, entry in json.loads(text)["packages"].items() if name}
    assert packages
    assert all(entry["integrity"].startswith("sha512-") for entry in packages.values())


@pytest.mark.parametrize("file", sorted(TOP.glob("config/*.toml")), ids=lambda file: file.name)
def test_an_example_has_no_mistake(file: Path) -> None:
    if file.name.startswith("workload"):
        scheme(file)
    elif "update" in read(file):
        load_update(file)
    else:
        load_charting(file) if is_charting(read(file)) else load(file)


def test_all_of_the_charting_example_can_be_used(tmp_path: Path) -> None:
    """With what stands in it as a comment, where its files are there; no section of the configuration is left out."""
    example = (TOP / "config/charting.toml").read_text(encoding="utf-8")
    whole = re.sub(r"^# (?=\[|\w+ = )", "", example, flags=re.MULTILINE)
    text = re.sub("/(etc|var/lib)/vitalsd", str(tmp_path), whole)
    (tmp_path / "libraries").mkdir()
    (tmp_path / "inspections").mkdir()
    for name, source in {
        "indicators.toml": "quality/catalogue.toml",
        "workload.toml": "workload/scheme.toml",
        "holidays.csv": "inspection/holidays.csv",
        "symbols.csv": "sheet/symbols.csv",
        "platform.toml": "inbox/templates/json.toml",
        "oplist.toml": "inbox/templates/view.toml",
    }.items():
        shutil.copy(TOP / "charting" / source, tmp_path / name)
    cert, key = Authority(tmp_path, "hospital-ca").issue("charting")
    cert.rename(tmp_path / "charting.pem")
    key.rename(tmp_path / "charting.key")
    (tmp_path / "charting.toml").write_text(text, encoding="utf-8")
    load_charting(tmp_path / "charting.toml")
    assert set(tomllib.loads(text)) == set(ChartingConfig.model_fields)


@pytest.mark.parametrize("readme", READMES)
def test_the_bed_in_the_readme_has_no_mistake(readme: str, tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (TOP / readme).read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "bed.toml").write_text(example, encoding="utf-8")
    load(tmp_path / "bed.toml")


@pytest.mark.parametrize("readme", READMES)
def test_the_sql_in_the_readme_runs(readme: str, database: str) -> None:
    migrate(database)
    (examples,) = re.findall(r"```sql\n(.*?)```", (TOP / readme).read_text(encoding="utf-8"), re.DOTALL)
    with psycopg.connect(database) as connection:
        for example in examples.split(";")[:-1]:
            assert connection.execute(example.encode()).fetchall() == []


@pytest.mark.parametrize("file", [*READMES, "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_lead_somewhere(file: str) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", (TOP / file).read_text(encoding="utf-8")):
        assert target.startswith("https://") or (TOP / target).exists(), target


@pytest.mark.parametrize("readme", READMES)
def test_the_readme_lists_the_devices_as_the_drivers_declare_them(readme: str) -> None:
    assert (TOP / readme).read_text(encoding="utf-8") == with_table(readme), "run make devices"


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (TOP / "CHANGELOG.md").read_text(encoding="utf-8")
