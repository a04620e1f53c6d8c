"""Progress on a terminal: finished steps above, and what runs now below, with a clock."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from interlock.cli.descriptions import describe_command, show_attempt, show_seconds
from interlock.cli.outlet import STYLES, visible, word
from interlock.cli.progress import WIDE, attempt_limit, finish_words, label
from interlock.engine import Interaction, Session

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult


class LiveProgress:
    """Shows step, attempt of its limit, elapsed time and the last line of output."""

    def __init__(self, root_id: str, *, error: bool) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self.root_id = root_id
        self.console = Console(file=sys.stderr if error else sys.stdout, highlight=False)
        self.live = Live(
            self,
            console=self.console,
            transient=True,
            refresh_per_second=8,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self.spinner = Spinner("dots")
        self.current: tuple[str, str, float] | None = None
        self.last_line = ""

    def __enter__(self) -> LiveProgress:
        self.live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.current = None
        self.live.stop()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """What runs now, in two or three lines; nothing between two commands."""
        from rich.text import Text

        current = self.current
        if current is None:
            return
        head, what, began = current
        took = show_seconds(time.monotonic() - began)
        self.spinner.text = Text(f"{head}  {took}", no_wrap=True, overflow="ellipsis")
        yield self.spinner
        yield Text(f"  {what}", style="dim", no_wrap=True, overflow="ellipsis")
        if self.last_line:
            yield Text(f"  {self.last_line}", no_wrap=True, overflow="ellipsis")

    def begin(self, session: Session, row: Interaction) -> None:
        """Show this command from now on."""
        attempt = show_attempt(row, attempt_limit(session, row.step))
        head = "  ".join(part for part in (label(session, row, self.root_id), attempt) if part)
        self.last_line = ""
        self.current = (visible(head), word(describe_command(row.command), WIDE), time.monotonic())

    def event(self, type: str, data: Mapping[str, Any]) -> None:
        """Remember the last line of what it prints."""
        text = data.get("text")
        lines = text.split("\n") if isinstance(text, str) else []
        told = [line for line in lines if line.strip()]
        if told:
            self.last_line = word(told[-1].rpartition("\r")[2] or told[-1], WIDE)

    def finish(self, session: Session, row: Interaction) -> None:
        """Print how it ended above what runs now."""
        from rich.text import Text

        self.current = None
        line = Text()
        for part in finish_words(session, row, self.root_id):
            text, style = part if isinstance(part, tuple) else (part, "")
            line.append(visible(text), style=STYLES.get(style, ""))
        self.console.print(line)
