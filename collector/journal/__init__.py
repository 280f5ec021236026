"""Durable, ordered local store: SQLite, in a file or in memory."""

from collector.journal.journal import Journal
from collector.journal.keeping import Limits
from collector.journal.reader import JournalReader
from collector.journal.writer import Writer

__all__ = ["Journal", "JournalReader", "Limits", "Writer"]
