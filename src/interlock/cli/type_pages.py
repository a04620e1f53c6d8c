"""What a session type declares, as a page and as a JSON document."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from interlock.cli.outlet import say, table, tell
from interlock.engine import SessionType
from interlock.engine.amounts import show_limits
from interlock.engine.table import Row


def type_document(kind: type[SessionType]) -> dict[str, Any]:
    """What a session type declares, as JSON data."""
    definition = kind.definition
    return {
        "name": kind.name,
        "description": description(kind),
        "inputs": [
            {"name": key.removesuffix("?"), "required": not key.endswith("?"), "help": told}
            for key, told in kind.inputs.items()
        ],
        "initial": definition.initial,
        "budget": definition.budget,
        "options": dict(kind.options),
        "digest": definition.digest,
        "steps": [
            {"name": name, "description": step.__doc__, "reader": step.reader} | step.declared
            for name, step in definition.steps.items()
        ],
        "transitions": [
            {
                "trigger": row.trigger,
                "source": row.source,
                "dest": row.dest,
                "guards": list(row.guards),
                "unless": list(row.unless),
            }
            for row in definition.rows
        ],
    }


def print_type(kind: type[SessionType]) -> None:
    """Print what a session type declares."""
    definition = kind.definition
    tell((kind.name, "bold"))
    if told := description(kind):
        say(told)
    say()
    if kind.inputs:
        table(
            ("input", "", "what it is"),
            [
                (key.removesuffix("?"), "optional" if key.endswith("?") else "needed", text)
                for key, text in kind.inputs.items()
            ],
        )
        say()
    table(
        ("step", "attempts", "timeout", "when lost", "budget"),
        [
            (
                *(name, step.attempts or "", _seconds(step.timeout), step.on_unknown or ""),
                "" if step.budget is None else show_limits(step.budget),
            )
            for name, step in definition.steps.items()
        ],
    )
    _print_options("prompts", kind.options)
    for name, step in definition.steps.items():
        _print_options(f"step {name}", step.options)
    say()
    table(
        ("on", "from", "to", "when"),
        [(row.trigger, row.source, row.dest, _condition(row)) for row in definition.rows],
    )
    say()
    say(f"at most {definition.budget} interactions; definition {definition.digest[:12]}")
    say(f"`interlock types graph {kind.name}` draws it")


def _print_options(whose: str, options: Mapping[str, Any]) -> None:
    if options:
        said = ", ".join(f"{name} = {json.dumps(value)}" for name, value in options.items())
        say(f"options of its {whose}: {said}")


def description(kind: type[SessionType]) -> str:
    """What a session type's own docstring says; empty where it has none."""
    return inspect.cleandoc(vars(kind).get("__doc__") or "")


def _condition(row: Row) -> str:
    return " and ".join([*row.guards, *(f"not {name}" for name in row.unless)])


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:g} s"
