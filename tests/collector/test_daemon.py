import asyncio
import socket
from pathlib import Path

import pytest

from collector.config import Config, load
from collector.daemon import run_bed
from collector.errors import UsageError


def bed(tmp_path: Path, more: str = "") -> Config:
    recording = tmp_path / "x.raw"
    recording.write_bytes(bytes(10))
    file = tmp_path / "bed.toml"
    file.write_text(
        f'[bed]\nid = "OR-1"\n[[device]]\nname = "m"\ndriver = "ge-datex-dri"\nport = "replay://{recording}"\n'
        f'[journal]\npath = "{tmp_path}/journal.db"\n{more}',
        encoding="utf-8",
    )
    return load(file)


async def test_a_daemon_that_cannot_listen_never_says_that_it_is_ready(tmp_path: Path) -> None:
    told: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as taken:
        config = bed(tmp_path, f'[metrics]\nlisten = "127.0.0.1:{taken.getsockname()[1]}"\n')
        with pytest.raises(UsageError, match="cannot listen"):
            await run_bed(config, asyncio.Event(), ready=lambda: told.append("ready"))
    assert told == []
