"""Names of HL7 v2 (XPN, XCN) as people read them. Pure."""

ERASED = '""'


def plain(text: str) -> str:
    """`""` says that there is none."""
    return "" if text == ERASED else text.strip()


def name_of(family: str, given: str) -> str:
    """Chinese names are written without a blank."""
    whole = " ".join(part for part in map(plain, (family, given)) if part)
    return whole if whole.isascii() else "".join(whole.split())
