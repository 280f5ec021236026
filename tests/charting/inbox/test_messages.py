import pytest

from charting.inbox.messages import MemoryMessages, Messages
from charting.store.database import Database
from charting.store.inbox import DatabaseMessages
from tests.charting.clock import Clock
from tests.contracts.inbox import MessagesContract


class TestInMemory(MessagesContract):
    @pytest.fixture
    def messages(self, clock: Clock) -> Messages:
        return MemoryMessages(clock.now_us)


class TestInADatabase(MessagesContract):
    @pytest.fixture
    def messages(self, charting: Database, clock: Clock) -> Messages:
        return DatabaseMessages(charting, clock.now_us)
