"""Where the charting keeps its own: SQLAlchemy Core on SQLite and PostgreSQL. The only place that knows SQLAlchemy."""
