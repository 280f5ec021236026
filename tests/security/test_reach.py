"""What the programs open to the network, and where they write."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.security.ward import BED, CONFIG, USER, Ward

_LISTENING = "0A"
_LOOPBACK = {"0100007F", "00000000000000000000000001000000"}
_WRITABLE = ("/dev/shm", "/run", "/tmp", "/var")
"""Where somebody who owns nothing may write at all."""


def listening(pid: int) -> Iterator[tuple[str, int]]:
    """Address in hex and port of a process's TCP sockets that take calls, and of its UDP sockets without a peer."""
    own = set()
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            own.add(str(fd.readlink()))
    for kind in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/{pid}/net/{kind}").read_text().splitlines()[1:]:
            _, local, peer, state, *_, inode = line.split()[:10]
            open_ = state == _LISTENING if kind.startswith("tcp") else int(peer.rpartition(":")[2], 16) == 0
            if open_ and f"socket:[{inode}]" in own:
                address, _, port = local.rpartition(":")
                yield address, int(port, 16)


@pytest.mark.parametrize("name", ["bed", "charting"])
def test_nothing_is_open_to_the_network(place: Ward, name: str) -> None:
    found = list(listening(place.programs[name].process.pid))
    assert len(found) >= 2, "page or service, and metrics"
    assert {address for address, _ in found} <= _LOOPBACK


def test_a_feed_is_open_for_its_device_alone(place: Ward) -> None:
    """The stated exception: the device calls the gateway."""
    found = set(listening(place.programs["feed"].process.pid))
    assert {(a, p) for a, p in found if a not in _LOOPBACK} == {("00000000", place.ports["FEED-ICU.toml:6600"])}


def test_the_examples_name_no_other_address() -> None:
    named = {
        (file.name, address)
        for file in CONFIG.glob("*.toml")
        for address in re.findall(r'(?m)^(?!#).*?(?:listen = |-listen://)"?([^":]+)', file.read_text(encoding="utf-8"))
    }
    assert {(file, address) for file, address in named if address != "127.0.0.1"} == {("FEED-ICU.toml", "0.0.0.0")}
    assert {file for file, _ in named} >= {"OR-03.toml", "charting.toml"}


def test_a_daemon_writes_nothing_beyond_its_state(place: Ward) -> None:
    """Nothing else of the file system belongs to the user that it runs as, and nobody else reads what does."""
    done = subprocess.run(
        ["find", *_WRITABLE, "-xdev", "-uid", str(USER), "-print0"], capture_output=True, text=True, check=False
    )
    found = [Path(path) for path in done.stdout.split("\0")[:-1]]
    inside = {path for path in found if path.is_relative_to(place.state)}
    assert place.state / BED / "journal.db" in inside
    assert set(found) - inside == set()
    for path in inside:
        if path.is_file():
            assert path.stat().st_mode & 0o007 == 0, path
