"""What a fake agent does: the turns of a model, as for a ModelServer, and faults of the program.

Turns call four tools, in no vendor's words: `write` {path, content}, `read` {path}, `run` {argv}
and `ask` {question}, each with `denied: true` where the program is not to allow it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import attrs
from attrs import field, frozen

from interlock.engine.errors import InvalidInput
from interlock.testing.turn import ToolCall, Turn, Usage

FAULTS: Mapping[str, str] = {
    "crash": "it begins and is killed",
    "hang": "it begins and never ends",
    "garbage": "it begins, prints what nobody can read, and ends well",
    "silent": "it ends well without a word",
    "max_turns": "it has used up its turns: claude-code and gemini only",
    "gone": "it does not know the conversation that it is to go on with",
}
TOOLS = {
    "write": ("path", "content"),
    "read": ("path",),
    "run": ("argv",),
    "ask": ("question",),
}
FIELDS = {name: value for name, value in attrs.fields_dict(Turn).items() if name != "calls"}


def _known(instance: object, attribute: object, value: str) -> None:
    if value not in FAULTS:
        raise InvalidInput(f"there is no fault {value!r}; use {', '.join(FAULTS)}")


@frozen
class Fault:
    """One run in which the program itself does what its `kind` says: see FAULTS."""

    kind: str = field(validator=_known)


Line = Turn | Fault


def check_line(line: object) -> Line:
    """A line of a script. Raises InvalidInput for what a fake agent cannot do."""
    if not isinstance(line, Turn | Fault):
        raise InvalidInput(f"a script has turns and faults, not {line!r:.80}")
    for call in line.calls if isinstance(line, Turn) else ():
        check_call(call)
    return line


def check_call(call: ToolCall) -> None:
    """Raises InvalidInput unless a fake agent has this tool, and it is given what it needs."""
    needs = TOOLS.get(call.name)
    if needs is None:
        raise InvalidInput(f"a fake agent has no tool {call.name!r}; it has {', '.join(TOOLS)}")
    given = call.fields
    missing = [name for name in needs if name not in given]
    if missing or given.keys() - {*needs, "denied"}:
        raise InvalidInput(f"the tool {call.name} takes {', '.join(needs)}, not {dict(given)!r}")
    for name in needs:
        texts = given[name] if name == "argv" else [given[name]]
        if not isinstance(texts, list | tuple) or not all(isinstance(one, str) for one in texts):
            what = "a list of texts" if name == "argv" else "a text"
            raise InvalidInput(f"{name} of the tool {call.name} is {what}, not {given[name]!r:.80}")


def dump_script(lines: Iterable[Line]) -> str:
    """A script as JSON: a list of objects, each with what differs from a plain turn."""
    return json.dumps([_line_data(line) for line in lines], indent=2) + "\n"


def load_script(text: str) -> list[Line]:
    """The script in a JSON text. Raises InvalidInput naming the entry."""
    try:
        entries = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"the script is not JSON: {error}") from None
    if not isinstance(entries, list):
        raise InvalidInput("the script is a list of turns, each an object")
    lines = []
    for number, entry in enumerate(entries, 1):
        try:
            lines.append(check_line(_read_entry(entry)))
        except (InvalidInput, TypeError) as error:
            raise InvalidInput(f"entry {number} of the script: {error}") from None
    return lines


def _line_data(line: Line) -> dict[str, Any]:
    if isinstance(line, Fault):
        return {"fault": line.kind}
    plain = Turn()
    data = {
        name: getattr(line, name)
        for name in FIELDS
        if name != "usage" and getattr(line, name) != getattr(plain, name)
    }
    if line.calls:
        data["calls"] = [{"name": call.name, "arguments": call.fields} for call in line.calls]
    if line.usage != plain.usage:
        data["usage"] = attrs.asdict(line.usage)
    return data


def _read_entry(entry: object) -> Line:
    if not isinstance(entry, dict):
        raise InvalidInput("it is not an object")
    if "fault" in entry:
        return Fault(entry["fault"])
    unknown = entry.keys() - {*FIELDS, "calls"}
    if unknown:
        known = ", ".join(("fault", "calls", *FIELDS))
        raise InvalidInput(f"there is no {min(unknown)!r}; a turn has {known}")
    given = dict(entry)
    calls = tuple(ToolCall(call["name"], call["arguments"]) for call in given.pop("calls", ()))
    usage = Usage(**given.pop("usage", {}))
    return Turn(**given, calls=calls, usage=usage)
