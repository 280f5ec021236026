"""The four classes of physiological sub-records."""

from drivers.ge_datex_dri.basic import BASIC
from drivers.ge_datex_dri.extended import EXT1, EXT2, EXT3

CLASSES = {"basic": BASIC, "ext1": EXT1, "ext2": EXT2, "ext3": EXT3}
"""By the class bits 8-11 of the last word of a sub-record (§5), never by the order of the sub-records."""
