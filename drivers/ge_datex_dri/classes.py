"""The four classes of physiological sub-records."""

from collections.abc import Iterator

from collector.model import Channel
from drivers.ge_datex_dri.basic import BASIC
from drivers.ge_datex_dri.extended import EXT1, EXT2, EXT3
from drivers.ge_datex_dri.layout import Choice
from drivers.ge_datex_dri.waves import WAVES

CLASSES = {"basic": BASIC, "ext1": EXT1, "ext2": EXT2, "ext3": EXT3}
"""By the class bits 8-11 of the last word of a sub-record (§5), never by the order of the sub-records."""


def channels() -> Iterator[Channel]:
    """Every channel of the displayed values under each label, and of the waves."""
    for prefix, groups in CLASSES.items():
        for group in groups:
            for item in group.fields:
                named = [*item.code.codes.values(), item.code.other] if isinstance(item.code, Choice) else [item.code]
                source = f"{prefix}.{item.name if '.' in item.name else f'{group.name}.{item.name}'}"
                yield from (Channel(code=name.code, source=source, unit=item.unit, site=name.site) for name in named)
    for wave in WAVES.values():
        yield Channel(code=wave.code, source=f"wave.{wave.name}", unit=wave.unit)
