"""The audit trail in memory and in each kind of database."""

from tests.contracts.trail import TrailContract


class TestTrail(TrailContract):
    """`trail` is each of them in turn (tests/charting/conftest.py)."""
