"""The errors that a person has to mend. Everything else is a bug and may show its traceback."""


class VitalsdError(Exception):
    """Root of all errors that vitalsd raises on purpose."""


class UsageError(VitalsdError):
    """The caller's mistake: one reason per line, exit status 2, no traceback.

    A reason never holds patient data or a password.
    """

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons


class LinkError(VitalsdError):
    """A device cannot be reached or has gone; the runner backs off and tries again."""


class JournalError(VitalsdError):
    """The journal cannot be written or read."""


class DiskError(JournalError):
    """The disk does not take or give the journal (full, read-only, failing): the journal in memory takes over."""


class DamagedError(DiskError):
    """The journal's file is damaged: what can be read of it goes on in a new file."""
