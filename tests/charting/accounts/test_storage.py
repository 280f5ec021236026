"""The store of accounts in memory and in each kind of database."""

import pytest

from charting.accounts.storage import AccountStore, MemoryAccounts
from charting.store.accounts import DatabaseAccounts
from charting.store.database import Database
from tests.contracts.accounts import AccountsContract


class TestMemoryAccounts(AccountsContract):
    @pytest.fixture
    def store(self) -> AccountStore:
        return MemoryAccounts()


class TestDatabaseAccounts(AccountsContract):
    @pytest.fixture
    def store(self, charting: Database) -> AccountStore:
        return DatabaseAccounts(charting)
