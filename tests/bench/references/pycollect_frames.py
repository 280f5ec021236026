"""pycollect_frames.py CAPTURE BYTES: decode the first bytes of a recording with UN-GCPDS/python-pycollect.

Prints frames and processor seconds. It is only fed a part: its time grows faster than its input.
"""

import json
import sys
import time
from pathlib import Path

from pycollect import GEDecode


def main(capture: Path, most: int) -> None:
    data = list(capture.read_bytes()[:most])
    began = time.process_time()
    decoded = GEDecode(data)
    seconds = time.process_time() - began
    frames = data.count(0x7E) // 2
    answer = {
        "frames": frames,
        "records": len(decoded.DATA_SUBRECORD),
        "frames_per_s": frames / seconds,
    }
    sys.stdout.write(f"{json.dumps(answer)}\n")


main(Path(sys.argv[1]), int(sys.argv[2]))
