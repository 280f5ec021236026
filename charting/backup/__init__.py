"""Backups of a database, restored once to see that they can be: PostgreSQL's own tools, SQLite's own copy."""
