"""Simulated patches, and the broker that they publish to: a Mosquitto of their own."""

import asyncio
import contextlib
import json
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import aiomqtt

from collector.driver import Simulated
from collector.errors import LinkError, UsageError
from collector.model import Event
from collector.transport.base import Port
from drivers.mqtt_sensor import simulated
from drivers.patient import Patient

PATIENCE_S = 10.0
PAUSE_S = 0.02
"""How long the broker may take to listen, and how often it is asked."""


class MqttPeer:
    """Two patches of one patient that publish every second, by the clock that they are given."""

    def __init__(self, device: Simulated, port: Port, clock: Callable[[], float]) -> None:
        self._patient: Patient = device.patient
        self._epoch_us = device.epoch_us
        self._port = port
        self._clock = clock
        self._zero_s = clock()
        self._stack = contextlib.AsyncExitStack()
        self._client: aiomqtt.Client | None = None

    async def open(self) -> None:
        """Return when the broker listens. Raises LinkError, UsageError where there is none."""
        program = shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")
        if program is None:
            raise UsageError("simulated sensors need an MQTT broker: install mosquitto")
        folder = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="vitalsd-mosquitto-"))
        config = Path(folder, "mosquitto.conf")
        listener = f"listener {self._port.number} {self._port.host}\nallow_anonymous true\n"
        config.write_text(f"user root\nlog_dest none\n{listener}", encoding="utf-8")  # "user" is heeded of root alone
        broker = await asyncio.create_subprocess_exec(
            program, "-c", str(config), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        self._stack.push_async_callback(_end, broker)
        deadline_s = asyncio.get_running_loop().time() + PATIENCE_S
        while self._client is None:
            try:
                client = aiomqtt.Client(self._port.host, self._port.number)
                self._client = await self._stack.enter_async_context(client)
            except aiomqtt.MqttError as error:
                if broker.returncode is not None or asyncio.get_running_loop().time() > deadline_s:
                    raise LinkError(f"mosquitto does not listen at {self._port.host}:{self._port.number}") from error
                await asyncio.sleep(PAUSE_S)

    async def __aiter__(self) -> AsyncIterator[Sequence[Event]]:
        assert self._client is not None
        due_s = self._clock()
        while True:
            now_s = self._clock()
            if now_s >= due_s:
                due_s = now_s + simulated.PERIOD_S
                for patch in simulated.PATCHES:
                    time_s = now_s - self._zero_s
                    clock_us = self._epoch_us + round(now_s * 1e6)
                    document = simulated.message(patch, self._patient.vitals(time_s), time_s, clock_us)
                    yield simulated.said(patch, document)
                    try:
                        await self._client.publish(simulated.TOPIC.replace("+", patch), json.dumps(document), qos=1)
                    except aiomqtt.MqttError as error:
                        raise LinkError(f"the broker has gone: {error}") from error
            await asyncio.sleep(PAUSE_S)

    async def close(self) -> None:
        """Be gone, the broker too."""
        with contextlib.suppress(aiomqtt.MqttError, OSError):
            await self._stack.aclose()


async def _end(broker: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        broker.kill()
    await broker.wait()
