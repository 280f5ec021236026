"""The scratch bed: the configuration's devices, simulated; none of its ports."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

from collector.config import load
from collector.model import AlarmCondition, AlarmPhase, AlarmType, Priority
from collector.transport.memory import memory_pair
from collector.verify.devices import DEFAULT_DRIVERS, NoisyLine, Simulators, devices, toml
from collector.verify.testimony import Said

CONFIG = """
[bed]
id = "W-1"
kind = "icu"
[[device]]
name = "a \\"b\\""
driver = "ge-datex-dri"
port = "serial:///dev/ttyX"
sites = { T1 = "nasopharynx" }
options = { interval_s = 5, waves = ["ecg1"] }
[[device]]
name = "v"
driver = "philips-intellivue"
port = "serial:///dev/ttyY"
[[device]]
name = "w"
driver = "philips-intellivue"
port = "udp://192.0.2.1"
[journal]
path = "/x/j.db"
keep_hours = 12
max_bytes = "1 GiB"
[timescale]
dsn = "host=h dbname=d"
"""


def test_a_scratch_bed_has_the_configured_devices_and_limits(tmp_path: Path) -> None:
    file = tmp_path / "bed.toml"
    file.write_text(CONFIG, encoding="utf-8")
    config = load(file)
    made = devices(config, tmp_path)
    text = toml("VERIFY-1", made, tmp_path / "j.db", "host=s dbname=vitalsd_verify_1", config)
    file.write_text(text, encoding="utf-8")
    scratch = load(file)
    assert (scratch.bed.id, scratch.bed.kind, str(scratch.journal.path)) == ("VERIFY-1", "icu", f"{tmp_path}/j.db")
    assert scratch.journal == config.journal.model_copy(update={"path": scratch.journal.path})
    for mine, given in zip(scratch.device, config.device, strict=True):
        assert (mine.name, mine.driver, mine.options, mine.sites) == (
            given.name, given.driver, given.options, given.sites,
        )  # fmt: skip
        assert mine.parsed_port.scheme == given.parsed_port.scheme
        assert mine.port != given.port


def test_without_a_configuration_there_are_the_default_devices(tmp_path: Path) -> None:
    made = devices(None, tmp_path)
    assert tuple(device.spec.name for device in made) == DEFAULT_DRIVERS
    file = tmp_path / "bed.toml"
    file.write_text(toml("VERIFY-1", made, tmp_path / "j.db", "dbname=d", None), encoding="utf-8")
    assert len(load(file).device) == len(DEFAULT_DRIVERS)


async def test_a_device_that_is_pulled_takes_its_alarms_with_it(tmp_path: Path) -> None:
    device, other, *_ = devices(None, tmp_path)
    begins = AlarmCondition(
        source="a", type=AlarmType.TECHNICAL, priority=Priority.LOW, phase=AlarmPhase.START, text="LOW"
    )
    worse = replace(begins, phase=AlarmPhase.CONTINUE, priority=Priority.HIGH)
    over = [replace(begins, source="b"), replace(begins, source="b", phase=AlarmPhase.END)]
    said = [Said(time_us=1, device=device.name, event=event) for event in (begins, worse, *over)]
    said.append(Said(time_us=1, device=other.name, event=begins))
    simulators = Simulators([device, other], said=list(said))
    await simulators.pull(device)
    (ended,) = simulators.said[len(said) :]
    assert (ended.device, ended.event, ended.may) == (device.name, replace(worse, phase=AlarmPhase.END), True)


async def test_a_disturbed_line_carries_garbage_before_inside_and_after() -> None:
    near, far = memory_pair()
    line = NoisyLine(near, random.Random(1))
    disturbing = asyncio.create_task(line.disturb())
    await asyncio.sleep(0)
    got = []
    for _ in range(4):
        await line.write(b"0123456789")
        got.append(await far.read())
    assert await disturbing == 3
    after, inside, before, clean = got
    assert after.startswith(b"0123456789")
    assert before.endswith(b"0123456789")
    assert b"0123456789" not in inside
    assert clean == b"0123456789"
    assert len({len(after), len(before), 10}) > 1
