"""`interlock vscode`: tasks of the editor that take a session's turns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from interlock.cli.caller import Caller, find_place, pass_caller
from interlock.cli.outlet import document, say
from interlock.cli.tree import Command
from interlock.engine.errors import InvalidInput

VERSION = "2.0.0"
MARK = "Interlock: "
ROW, OUTPUT, ERROR = "interlockRow", "interlockOutput", "interlockError"


def _task(label: str, *arguments: str) -> dict[str, Any]:
    return {
        "label": f"{MARK}{label}",
        "type": "process",
        "command": "interlock",
        "args": list(arguments),
        "presentation": {"reveal": "always", "panel": "shared"},
        "problemMatcher": [],
    }


def _ask(name: str, question: str) -> dict[str, str]:
    return {"id": name, "type": "promptString", "description": question}


TASKS = [
    _task("what to do next", "next"),
    _task(
        *("submit ok", "submit", f"${{input:{ROW}}}", "--status", "ok"),
        *("--output", f"${{input:{OUTPUT}}}"),
    ),
    _task(
        *("submit error", "submit", f"${{input:{ROW}}}", "--status", "error"),
        *("--error", f"${{input:{ERROR}}}"),
    ),
    _task("run until a result is wanted", "run", "--no-input"),
]
INPUTS = [
    _ask(ROW, "The id of the command, as `what to do next` shows it"),
    _ask(OUTPUT, "What it printed"),
    _ask(ERROR, "Why it is not ok"),
]


@click.command(
    cls=Command,
    examples="""
        interlock vscode
        interlock vscode --print
        interlock start mend -i check="make test" --environment vscode
    """,
)
@click.option("--print", "shown", is_flag=True, help="Print the tasks and write nothing.")
@pass_caller
def vscode(caller: Caller, shown: bool) -> None:
    """Write tasks into .vscode/tasks.json that call `interlock next` and `interlock submit`.

    Tasks of yours that are there stay. Each command of a session that was started with
    --environment vscode waits until its result is submitted.
    """
    if shown:
        document(_merge({}))
        return
    file = find_place() / ".vscode" / "tasks.json"
    before = _read(file)
    after = _merge(before)
    if after == before:
        say(f"the tasks are in {file} already")
        return
    try:
        file.parent.mkdir(exist_ok=True)
        new = file.with_name("tasks.json.interlock")
        new.write_text(json.dumps(after, indent=4, ensure_ascii=False) + "\n")
        new.replace(file)
    except OSError as error:
        raise InvalidInput(f"{file} cannot be written: {error.strerror or error}") from None
    say(f"wrote {len(TASKS)} tasks into {file}")


def _read(file: Path) -> dict[str, Any]:
    by_hand = "; `interlock vscode --print` shows what to add by hand"
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"{file} cannot be read: {error}{by_hand}") from None
    except json.JSONDecodeError as error:
        raise InvalidInput(
            f"{file}, line {error.lineno}, is no plain JSON, as with comments, which would be lost"
            f"{by_hand}"
        ) from None
    lists = isinstance(found, dict) and all(
        isinstance(found.get(name, []), list) for name in ("tasks", "inputs")
    )
    if not lists or found.get("version", VERSION) != VERSION:
        raise InvalidInput(f"{file} is no list of tasks of version {VERSION}{by_hand}")
    return dict(found)


def _merge(before: dict[str, Any]) -> dict[str, Any]:
    """The file with our tasks, each in the place it has, and all others as they are."""
    after = {"version": VERSION, **before}
    after["tasks"] = _take(before.get("tasks", []), TASKS, "label")
    after["inputs"] = _take(before.get("inputs", []), INPUTS, "id")
    return after


def _take(there: list[Any], ours: list[dict[str, Any]], key: str) -> list[Any]:
    new = {one[key]: one for one in ours}
    kept = [
        new.pop(name, one)
        if isinstance(one, dict) and isinstance(name := one.get(key), str)
        else one
        for one in there
    ]
    return [*kept, *new.values()]
