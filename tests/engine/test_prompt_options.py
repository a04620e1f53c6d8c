"""What a prompt asks of its agent: its own options, over its step's, over its type's."""

from __future__ import annotations

from typing import Any

import pytest

from interlock.engine import COMPLETE, Prompt, Shell, next_command, start
from interlock.engine.errors import DefinitionError
from tests.engine.machine import declare, run

ROW = [["ok", "run", COMPLETE]]


def ask(kind: dict[str, Any], step: dict[str, Any], prompt: dict[str, Any]) -> Any:
    """The options of the prompt that a session comes to."""
    type_ = declare(ROW, options=kind, run=run(Prompt("Do it.", options=prompt), options=step))()
    opened = next_command(type_, start(type_)).open
    assert opened is not None
    assert isinstance(opened.command, Prompt)
    return opened.command.options


def test_the_nearest_to_the_prompt_counts() -> None:
    """Each option by itself."""
    kind = {"model": "type", "max_turns": 1, "system": "type", "mcp": {"docs": {"command": "d"}}}
    assert ask(kind, {"max_turns": 2, "system": "step"}, {"system": "prompt"}) == {
        "model": "type",
        "max_turns": 2,
        "system": "prompt",
        "mcp": {"docs": {"command": "d"}},
    }
    assert ask({}, {}, {"model": "m"}) == {"model": "m"}


def test_no_prompt_lifts_what_a_step_says_of_reading() -> None:
    """And a prompt that only reads takes no permissions and servers over from the type."""
    servers = {"docs": {"command": "d"}}
    loose = {"permission_mode": "yolo", "allowed_tools": ["Bash"], "mcp": servers, "model": "m"}
    strict = {"model": "m", "read_only": True}
    assert ask(loose, {"read_only": True}, {"read_only": False}) == strict
    assert ask(loose, {}, {"read_only": True}) == strict
    assert ask(loose, {"read_only": True, "mcp": servers}, {}) == {**strict, "mcp": servers}
    assert ask({"read_only": True}, {}, {"read_only": False}) == {"read_only": False}


def test_only_prompts_have_options() -> None:
    """Any other command stays as it is."""
    type_ = declare(ROW, options={"model": "m"}, run=run(Shell(("true",))))()
    opened = next_command(type_, start(type_)).open
    assert opened is not None
    assert opened.command == Shell(("true",))


@pytest.mark.parametrize("options", [["model"], {1: "m"}, {"model": object()}, {"n": float("nan")}])
def test_options_that_no_log_can_keep_are_refused(options: Any) -> None:
    """When the class is defined, with what was given."""
    with pytest.raises(DefinitionError, match="options="):
        declare(ROW, options=options, run=run())
    with pytest.raises(DefinitionError, match="step body: options="):
        run(options=options)
