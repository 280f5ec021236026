"""What each command says of itself."""

from collections.abc import Iterator
from typing import Any

import typer
from typer.core import TyperGroup

from collector.cli import app

_WIDTH = 100


def helps() -> str:
    """A section for the program, then one for each command in the order of its name."""
    program = typer.main.get_command(app)
    top = program.context_class(program, info_name="vitalsd", terminal_width=_WIDTH, max_content_width=_WIDTH)
    found = [("vitalsd", program.get_help(top)), *_inner(program, top)]
    return "\n".join(f"### {name}\n\n```text\n{text.rstrip()}\n```\n" for name, text in found)


def _inner(group: Any, context: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(group, TyperGroup):
        return
    for name, command in sorted(group.commands.items()):
        inside = command.context_class(
            command, info_name=name, parent=context, terminal_width=_WIDTH, max_content_width=_WIDTH
        )
        yield inside.command_path, command.get_help(inside)
        yield from _inner(command, inside)
