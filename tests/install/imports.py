"""Run by the Python of an installed package: prints what its modules import, anywhere in them, that is not there."""

import ast
import importlib.util
import sys
from pathlib import Path

here = Path(sys.argv[1])
wanted = {
    name
    for package in ("collector", "drivers", "alarms", "charting")
    for file in (here / package).rglob("*.py")
    for node in ast.walk(ast.parse(file.read_bytes()))
    for name in (
        [alias.name for alias in node.names]
        if isinstance(node, ast.Import)
        else [node.module or ""]
        if isinstance(node, ast.ImportFrom)
        else []
    )
}
missing = {name.partition(".")[0] for name in wanted if importlib.util.find_spec(name.partition(".")[0]) is None}
sys.stdout.write(" ".join(sorted(missing)))
