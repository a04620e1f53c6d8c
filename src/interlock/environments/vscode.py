"""Environment `vscode`: the editor's terminal runs the commands, and their results are submitted.

Tasks of the editor, written by `interlock vscode`, call `interlock next` and `interlock submit`.
"""

from __future__ import annotations

from threading import Event

from interlock.engine import Interaction, Result, Session
from interlock.plugins.contracts import Emit


class VSCode:
    """Runs nothing: each command waits until its result is submitted."""

    by_hand = True

    def execute(
        self, session: Session, interaction: Interaction, *, emit: Emit, stop: Event
    ) -> Result:
        """An error: whoever asks has not looked at `by_hand`."""
        return Result().failed(
            f"nothing is executed here: `interlock submit {interaction.id} --status ok` hands "
            "the result in"
        )
