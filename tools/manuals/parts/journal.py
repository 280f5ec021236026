"""The tables of a journal's file, as a new one has them."""

from collector.journal.database import APPLICATION_ID, MEMORY, connect
from tools.manuals.parts.tables import code, table
from tools.manuals.words import Words


def tables(words: Words) -> str:
    db = connect(MEMORY, writing=True)
    try:
        of = [name for (name,) in db.execute("select name from sqlite_master where type = 'table' order by name")]
        rows = [
            [code(name), ", ".join(f"{code(column)} {kind.lower()}" for _, column, kind, *_ in columns)]
            for name in of
            if not name.startswith("sqlite_")
            for columns in [db.execute("select * from pragma_table_info(?)", (name,)).fetchall()]
        ]
        (version,) = db.execute("pragma user_version").fetchone()
    finally:
        db.close()
    said = words("journal_marks").format(application=f"0x{APPLICATION_ID:08x}", version=version)
    return f"{said}\n\n{table([words('table'), words('columns')], rows)}"
