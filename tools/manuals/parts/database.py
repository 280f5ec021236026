"""The views that people and tools read, as a migrated database has them."""

import psycopg

from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words

_COLUMNS = """
select c.table_schema, c.table_name, c.column_name, c.data_type
from information_schema.columns as c join information_schema.views as v using (table_schema, table_name)
where c.table_schema = 'public' order by c.table_name, c.ordinal_position
"""


def views(words: Words, dsn: str) -> str:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(_COLUMNS).fetchall()
    heads = [words(key) for key in ("column", "kind", "meaning")]
    parts = []
    for view in dict.fromkeys(row[1] for row in found):
        rows = [[code(column), kind, words(f"view.{view}.{column}")] for _, name, column, kind in found if name == view]
        parts.append(f"### {view}\n\n{words(f'view.{view}')}\n\n{table(heads, rows)}")
    return "\n".join(parts)
