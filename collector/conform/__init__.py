"""The conformance kit: one suite that every driver passes, ours and anybody's (`vitalsd conform`)."""

from collector.conform.report import Check, Report, Status
from collector.conform.run import conform
from collector.conform.subject import Stream

__all__ = ["Check", "Report", "Status", "Stream", "conform"]
