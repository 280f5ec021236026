"""How the schema of the charting came about: run by charting.store.migrate."""
