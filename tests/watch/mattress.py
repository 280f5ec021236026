"""The toy's mattresses (tests/drivers/toy) on ptys, that a test puts out of order."""

import os
import threading
import tty
from pathlib import Path
from typing import Self

from tests.drivers.toy.gekko.frames import encode

PERIOD_S = 0.5


class Mattress:
    """Speaks every half second at the port `link`. What it says is set by `values`, `hot` and `garbage`."""

    def __init__(self, link: Path) -> None:
        self.link = link
        self.values = True
        self.hot = False
        self.garbage = b""
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None
        self._thread = threading.Thread(target=self._speak, daemon=True)

    def __enter__(self) -> Self:
        self.plug()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self.unplug()

    @property
    def port(self) -> str:
        return f"serial://{self.link}?baud=9600"

    def plug(self) -> None:
        with self._lock:
            ours, theirs = os.openpty()
            tty.setraw(theirs)
            os.set_blocking(ours, False)
            self.link.unlink(missing_ok=True)
            self.link.symlink_to(os.ttyname(theirs))
            self._ends = ours, theirs

    def unplug(self) -> None:
        with self._lock:
            for end in self._ends or ():
                os.close(end)
            self._ends = None
            self.link.unlink(missing_ok=True)

    def _speak(self) -> None:
        second = 0
        while not self._stop.wait(PERIOD_S):
            second += 1
            body = f"GX1;{second:06};T=36.5;S=37.8;SET=38.0;LID=SHUT{';AL=HOT' * self.hot}"
            line = encode(body if self.values else "GX1;ID;Gekko;GX-1;SN=00417")
            with self._lock:
                if self._ends is not None:
                    try:
                        os.write(self._ends[0], self.garbage + line)
                    except BlockingIOError:
                        os.read(self._ends[1], 1 << 16)  # nobody listens: what is old is gone
