"""What may be sent to a Bluetooth oximeter (fact sheet small-devices §5): 02 | code | length | data | 03."""

import re
from collections.abc import Mapping

FORMATS: Mapping[str, bytes] = {
    "4100": b"\x02\x70\x02\x02\x07\x03",
    "9560": b"\x02\x70\x04\x02\x07\x21\x9e\x03",
}
"""Data format 7. To a 9560 with the flags that another program sends (Bluetooth stays on at power-on, no spot check)
and the sum of code, length, data."""
SERIAL = b"\x02\x74\x02\x02\x02\x03"
SENDS = re.compile(b"(?:" + b"|".join(re.escape(one) for one in (*FORMATS.values(), SERIAL)) + b")*", re.DOTALL)
