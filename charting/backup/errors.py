"""What goes wrong with a backup and is not the caller's mistake."""

from collector.errors import VitalsdError


class BackupError(VitalsdError):
    """It could not be made, is damaged, or is not what it was made from: a reason per line, without patient data."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("\n".join(reasons))
        self.reasons = reasons
