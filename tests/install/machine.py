"""A Debian of its own: a root made by mmdebstrap, and its systemd running in namespaces as if it were a machine."""

import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.timescale import UnavailableError, cache, locked, mirror
from tests.timescale import run as run_here

SUITES = {"bookworm": "deb12", "trixie": "deb13"}
WITHIN_S = 90.0
INSIDE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

# Nothing of this machine's devices is seen inside: /sys is read-only, so that no udev works on it, and /dev is its own.
BOOT = """
set -e
root=$1
mount --make-rprivate /
mount --bind "$root" "$root"
cd "$root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm dev/mqueue
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
ln -s /proc/self/fd dev/fd
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"; done
mknod -m 666 dev/tty c 5 0
mkdir -p .here
pivot_root . .here
umount -l /.here
mount --make-rshared /
exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=null
"""


def base(suite: str, include: str = "") -> Path:
    """The tar of a minimal root with these packages; made at the first call on a machine."""
    if shutil.which("mmdebstrap") is None:
        raise UnavailableError("mmdebstrap is not installed")
    file = cache() / f"root-{suite}{include and '-'}{include.replace(',', '-')}.tar"
    with locked(file.with_suffix(".lock")):
        if not file.exists():
            part = file.with_suffix(".part.tar")
            more = [f"--include={include}"] if include else []
            run_here("mmdebstrap", "--quiet", "--variant=minbase", "--mode=root", *more, suite, part, mirror())
            part.rename(file)
    return file


def unpack(tar: Path, root: Path) -> None:
    """A root of its own, that knows the network as this machine does."""
    root.mkdir(parents=True)
    run_here("tar", "--numeric-owner", "-xf", tar, "-C", root)
    shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")


def inside(
    root: Path, *command: str, env: Mapping[str, str] | None = None, mounts: Mapping[Path, str] | None = None
) -> str:
    """Run a program of a root that is not running, with the network of this machine; return all that it printed.

    mounts: folders of this machine by where they are seen in the root.
    """
    places = {Path("/dev"): "dev", **(mounts or {})}
    for place in places.values():
        (root / place).mkdir(exist_ok=True)
    script = [f'mount --rbind "{here}" "$0/{there}"' for here, there in places.items()]
    script = ["mount --make-rprivate /", *script, 'mount -t proc proc "$0/proc"', 'exec chroot "$0" "$@"']
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", "\n".join(script), root, *command],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=INSIDE | dict(env or {}),
    )  # fmt: skip
    assert done.returncode == 0, f"{command}:\n{done.stdout[-6000:]}"
    return done.stdout


class Machine:
    """A root whose own systemd runs."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def try_(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root on it, to its end, whatever that is."""
        return subprocess.run(
            ["nsenter", "-t", str(self._pid), "-a", *command],
            capture_output=True, text=True, check=False, cwd="/", env=INSIDE,
        )  # fmt: skip

    def run(self, *command: str) -> str:
        """Run a command as root on it; what it printed."""
        done = self.try_(*command)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def sh(self, script: str) -> str:
        return self.run("sh", "-ec", script)

    def until(self, script: str, within_s: float = WITHIN_S) -> str:
        """What a shell script prints when it succeeds at last."""
        deadline = time.monotonic() + within_s
        while True:
            done = self.try_("sh", "-ec", script)
            if done.returncode == 0:
                return done.stdout
            assert time.monotonic() < deadline, f"{script}: {done.stdout}\n{done.stderr}\n{self.failures()}"
            time.sleep(0.2)

    def failures(self) -> str:
        return self.try_("journalctl", "--no-pager", "-n", "60", "-o", "cat").stdout


@contextmanager
def machine(root: Path) -> Iterator[Machine]:
    """Boot a root; it ends, with all that runs on it, when the block does. It has a network that only it is on."""
    group = _cgroup() / f"vitalsd-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    boot = 'echo $$ >"$0/cgroup.procs"; exec unshare -mpnCiu --fork sh -c "$2" boot "$1"'
    outer = subprocess.Popen(
        ["sh", "-c", boot, group, root, BOOT], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, text=True
    )
    first = 0
    try:
        deadline = time.monotonic() + WITHIN_S
        while not (children := Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()):
            assert outer.poll() is None, "namespaces cannot be made here"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        first = int(children[0])
        one = Machine(first)
        while one.try_("systemctl", "is-system-running").stdout.strip() not in {"running", "degraded"}:
            assert outer.poll() is None, "systemd cannot run here"
            assert time.monotonic() < deadline, one.failures()
            time.sleep(0.2)
        yield one
    finally:
        if first:
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)  # the first process of its namespace takes all others with it
        outer.wait()
        for folder in [*sorted(group.rglob("*/"), reverse=True), group]:
            with suppress(OSError):
                folder.rmdir()


def _cgroup() -> Path:
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, place, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(place)
    raise UnavailableError("no writable cgroup2: systemd cannot run here")
