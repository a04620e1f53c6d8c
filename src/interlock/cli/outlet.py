"""The one way out: everything that is printed goes through here.

Stored text comes from agents and programs. What a terminal would obey in it (escape sequences,
control characters, characters that turn the direction of writing) is written as an escape.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any

import click

HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and line feed
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e00ff]"
)

STYLES = {
    "active": "cyan",
    "open": "cyan",
    "complete": "green",
    "ok": "green",
    "warning": "yellow",
    "failed": "red",
    "error": "red",
    "timeout": "red",
    "expired": "red",
    "cancelled": "yellow",
    "superseded": "yellow",
    "unknown": "yellow",
}
"""The colour of a word on a terminal."""


def visible(text: str) -> str:
    """The text with all that a terminal would obey written as escapes; tabs and lines stay."""
    return HIDDEN.sub(_escape, text.replace("\r\n", "\n"))


def word(text: object, limit: int = 200) -> str:
    """The text in one line of at most `limit` characters."""
    line = " ".join(visible(str(text)[: 10 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 3]}..."


def say(text: str = "", *, error: bool = False) -> None:
    """Print lines, on standard error with `error`."""
    click.echo(visible(text), err=error)


def tell(*words: str | tuple[str, str], error: bool = False) -> None:
    """Print one line; of a pair the second word is its style on a terminal."""
    click.echo("".join(map(_paint, words)), err=error)


def data(content: bytes, *, error: bool = False) -> None:
    """Print bytes as they are for a program, and so that a terminal obeys nothing in them."""
    stream = sys.stderr if error else sys.stdout
    if is_terminal(stream):
        if content:
            say(content.decode(errors="backslashreplace").rstrip("\n"), error=error)
        return
    stream.flush()
    stream.buffer.write(content)
    stream.buffer.flush()


def document(value: Any) -> None:
    """Print a value as JSON in ASCII."""
    click.echo(json_text(value))


def json_text(value: Any, indent: int | None = 2) -> str:
    """A value as JSON in ASCII, with no character that a terminal would obey."""
    return json.dumps(value, indent=indent, allow_nan=False)


def document_list(values: Iterable[Any]) -> None:
    """Print values as one JSON list, each as soon as it is there."""
    before = "["
    for value in values:
        click.echo(before, nl=before == "[")
        click.echo(json_text(value), nl=False)
        before = ",\n"
    click.echo("[]" if before == "[" else "\n]")


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print rows under their columns, ruled on a terminal, in plain columns otherwise."""
    lines = [[word(cell) for cell in row] for row in rows]
    if is_terminal(sys.stdout):
        _ruled(columns, lines)
        return
    widths = [max(map(len, cells)) for cells in zip(columns, *lines, strict=True)]
    for line in ([name.upper() for name in columns], *lines):
        cells = (f"{cell:{width}}" for cell, width in zip(line, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def is_terminal(stream: Any) -> bool:
    """True when a person looks at the stream on a terminal that can move its cursor."""
    try:
        return bool(stream.isatty()) and os.environ.get("TERM") not in ("dumb", "")
    except (AttributeError, ValueError):
        return False


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    return (
        f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    )


def _paint(part: str | tuple[str, str]) -> str:
    if isinstance(part, str):
        return visible(part)
    text, style = part
    if os.environ.get("NO_COLOR"):
        return visible(text)
    if style in ("dim", "bold"):
        return click.style(visible(text), **{style: True})
    colour = STYLES.get(style)
    return click.style(visible(text), fg=colour) if colour else visible(text)


def _ruled(columns: Sequence[str], lines: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    ruled = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="bold")
    for name in columns:
        ruled.add_column(name, no_wrap=name != columns[-1], overflow="ellipsis")
    for line in lines:
        ruled.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in line))
    Console(file=sys.stdout, highlight=False).print(ruled)
