"""`vitalsd bed` with a broker."""

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import SOCK_STREAM
from urllib.request import urlopen

from collector.journal.reader import JournalReader
from collector.transport.net import free_port
from tests.mqtt.broker import Mosquitto, deaf, payload, subscribed, until
from tests.passing import passing
from tests.shared import capture
from tests.system.command import decoded, run, start, stored_form

COLUMNS = ("code", "source", "role", "value", "text", "unit", "quality", "demo")


def config(tmp_path: Path, port: str, broker: int, more: str = "") -> Path:
    path = tmp_path / "bed.toml"
    path.write_text(
        f'[bed]\nid = "OR-9"\n[[device]]\nname = "monitor"\ndriver = "ge-datex-dri"\nport = "{port}"\n'
        f'[journal]\npath = "{tmp_path}/journal.db"\n[mqtt]\nurl = "mqtt://127.0.0.1:{broker}"\n{more}',
        encoding="utf-8",
    )
    return path


async def test_a_replay_puts_what_decode_prints_at_the_broker(tmp_path: Path, broker: Mosquitto) -> None:
    recording = capture("datex-dri", "db02-head.raw")
    lines, _ = await asyncio.to_thread(decoded, "ge-datex-dri", recording)
    began = (datetime.now(UTC) - timedelta(minutes=10)).strftime("%Y-%m-%dT%H:%M:%SZ")
    file = config(tmp_path, f"replay://{recording}?speed=max&start={began}", broker.port)
    async with subscribed(broker.port, "vitalsd/OR-9/#") as subscriber:
        for _ in range(2):  # the second run finds everything done
            done = await asyncio.to_thread(run, "bed", file, "--once")
            assert done.returncode == 0, done.stderr
        ends = "vitalsd/OR-9/status"
        await until(lambda: subscriber.of(ends).count({"state": "offline"}) == 2, "both ends")
    readings = [payload(message) for message in subscriber.heard if "/vitals/" in message.topic.value]
    topics = {message.topic.value for message in subscriber.heard if "/vitals/" in message.topic.value}
    expected = stored_form(lines)
    got = Counter(
        tuple(reading[column] for column in COLUMNS)
        for reading in readings[: -len(topics)]
        if reading["code"] != "VND_VITALSD_CLOCK_OFFSET"  # ours, not the device's
    )
    assert got == expected
    assert len({(again["code"], again["role"], again["source"]) for again in readings[-len(topics) :]}) == len(topics)
    assert [state["state"] for state in subscriber.of("vitalsd/OR-9/monitor/state")][-1] in {"receiving", "ended"}
    reader = JournalReader.at(tmp_path / "journal.db")
    assert reader.usage().pending == {"mqtt": 0}
    reader.close()


async def test_a_bed_tells_the_states_of_its_devices_and_takes_leave(tmp_path: Path, broker: Mosquitto) -> None:
    async with subscribed(broker.port) as subscriber:
        async with ending_soon(tmp_path, broker.port) as port:
            await until(lambda: subscriber.of("vitalsd/OR-9/monitor/state"), "a state")
            await until(lambda: "vitalsd_mqtt_connected 1.0" in metrics(port), "the metrics")
            # No device speaks: all there is are readings of the gateway's health, and after a while that none is heard.
            own = "vitalsd/OR-9/vitalsd/vitals/", "vitalsd/OR-9/vitalsd/conditions/"

            def is_counted() -> bool:
                told = sum(message.topic.value.startswith(own) for message in subscriber.heard)
                counts = f"vitalsd_mqtt_published_total {told}.0", 'vitalsd_journal_pending{reader="mqtt"} 0.0'
                text = metrics(port)
                return told > 0 and all(count in text for count in counts)

            await until(is_counted, "all is counted")
            assert "vitalsd_mqtt_skipped_total 0.0" in metrics(port)
        await until(lambda: subscriber.of("vitalsd/OR-9/status")[1:] == [{"state": "offline"}], "the end")
    assert subscriber.of("vitalsd/OR-9/monitor/state")[-1]["state"] in {"connecting", "waiting"}


async def test_a_bed_ends_soon_where_the_broker_does_not_answer(tmp_path: Path) -> None:
    with deaf() as nobody:
        async with ending_soon(tmp_path, nobody) as port:
            await until(lambda: "vitalsd_mqtt_connected 0.0" in metrics(port), "the metrics")


@asynccontextmanager
async def ending_soon(tmp_path: Path, broker: int) -> AsyncIterator[int]:
    """A bed without its device, by the port of its metrics, which is asked to end afterwards and does so within 3 s."""
    port = free_port(SOCK_STREAM)
    process = start(
        "bed", config(tmp_path, "serial:///dev/no-such-port", broker, f'[metrics]\nlisten = "127.0.0.1:{port}"\n')
    )
    try:
        yield port
        async with passing() as passed_s:
            process.send_signal(signal.SIGTERM)
            _, errors = await asyncio.to_thread(process.communicate, timeout=60)
            assert passed_s() < 3
        assert process.returncode == 0, errors
    finally:
        process.kill()
        process.communicate()


def metrics(port: int) -> str:
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""
