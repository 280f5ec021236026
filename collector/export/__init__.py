"""Stored series into files for research: WFDB records or Parquet tables."""

from collector.export.exporter import Format, Summary, export
from collector.export.window import Selection, selection

__all__ = ["Format", "Selection", "Summary", "export", "selection"]
