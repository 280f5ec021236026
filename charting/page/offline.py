"""Downtime sheets from a gateway's journal alone: for when its daemon does not run."""

from collections.abc import Sequence
from contextlib import closing

from alarms.follower import Follower
from alarms.latency import Latency
from charting.page.downtime import sheet, title
from charting.page.now import Bedside, Server
from charting.page.printed import document, whole
from charting.page.words import Words
from collector.codes import by_refid
from collector.config import Config
from collector.journal import JournalReader
from collector.journal.rows import condition_of
from collector.links import LATE_US
from collector.model import Reading
from collector.status import DeviceState, DeviceStatus


def downtime(config: Config, now_us: int, words: Words) -> str:
    """One document with the sheet of the bed, or of each bed of a feed. Raises JournalError.

    Nobody watches devices and server then: alarms are unknown, and no patient is named.
    """
    parameters = {**by_refid(), **{p.refid: p for device in config.device for p in device.spec.parameters}}
    beds = config.beds if config.feed is None else config.beds[1:]
    pages: list[str] = []
    with closing(JournalReader.at(config.journal.path)) as reader:
        last_us = reader.last_seen_us(now_us)
        seen_us = last_us if last_us is not None and now_us - last_us > LATE_US else None
        for bed in beds:
            devices = _devices(config, reader.latest(bed), now_us if last_us is None else last_us)
            standing = [condition_of(row) for row in reader.last_conditions(bed)]
            bedside = Bedside(
                bed=bed, zone=config.bed.zone, reader=reader, parameters=parameters,
                alarms=Follower(bed, reader, standing), latency=Latency(),
            )  # fmt: skip
            server = Server.NONE if config.timescale is None else Server.UNKNOWN
            now = bedside.look(devices, now_us, server=server)
            pages += sheet(now, reader, config.bed.kind, words, parameters, seen_us)
    return document(title(", ".join(beds), words), pages, words, style=whole())


def _devices(config: Config, told: Sequence[Reading], since_us: int) -> Sequence[DeviceStatus]:
    """Of each device nothing is heard; it was when it told something last."""
    last_us: dict[str, int] = {}
    for reading in told:
        device = reading.series.device
        last_us[device] = max(reading.time_us, last_us.get(device, 0))
    return [
        DeviceStatus(
            device=device.name,
            driver=device.driver,
            port=device.port,
            state=DeviceState.SILENT,
            since_us=since_us,
            last_frame_us=last_us.get(device.name),
        )
        for device in config.device
    ]
