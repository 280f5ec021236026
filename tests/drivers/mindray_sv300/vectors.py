"""Replies put together by hand from fact sheet mindray-and-chinese-hl7 §6: nobody has published one of a machine."""

MEASURED = b'\x01%" 18.0)  480&05.76=     \x8c   92\xa0 1.0512\r'
SETTINGS = b"\x01$$  500'  5.0.   408    1F3\r"
STRANGE = b'\x01%" 19.0Z   12*HIGH )-----C1\r'
EMPTY = b"\x01%26\r"
TWICE = b'\x01%" 18.0" 18.038\r'
OTHER_COMMAND = b'\x01&" 18.030\r'
