"""What a session or one prompt asks of an agent program, in one vocabulary for all of them.

A session says it in its agent, as in `claude-code --model opus --max-turns 20 -- --verbose`,
a prompt in its options, as in `{"model": "opus", "read_only": True}`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from interlock.agents.tools import split_tools
from interlock.engine.errors import InvalidInput

NAME = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
SERVER = ("command", "args", "env")


@frozen(kw_only=True)
class Settings:
    """What is asked for. Anything at its default is left to the program."""

    model: str | None = None
    permission_mode: str | None = None
    """In the program's own words."""
    read_only: bool = False
    """Tools that only read, whatever else is said."""
    allowed_tools: tuple[str, ...] = ()
    """Tools it may use without asking, as in `Bash(git *)`."""
    denied_tools: tuple[str, ...] = ()
    max_turns: int | None = None
    system: str | None = None
    """Instructions beside the prompt."""
    mcp: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    """MCP servers by name: `command`, `args` and `env` of each."""
    env: tuple[str, ...] = ()
    """Names of variables that it may have from the engine's environment."""
    program: str | None = None
    """The program to run, where it is not the one found on PATH."""
    idle: int | None = None
    """Seconds without any output after which it is ended; 0: it may be silent."""
    fork: bool = False
    """Go on with a copy of the conversation, and leave the conversation itself as it is."""
    ask: bool = False
    """It may ask the user, who then answers the session's question."""
    arguments: tuple[str, ...] = ()
    """More arguments, as the program itself knows them."""


def _text(name: str, value: object) -> str:
    if isinstance(value, str) and value.strip() and not value.startswith("-"):
        return value
    raise InvalidInput(f"{name} is a text that does not begin with a dash, not {value!r}")


def _prose(name: str, value: object) -> str:
    if isinstance(value, str) and value.strip():
        return value
    raise InvalidInput(f"{name} is a text, not {value!r}")


def _flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise InvalidInput(f"{name} is true or false, not {value!r}")


def _number(name: str, value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value):
        value = int(value)
    if type(value) is int and value >= 1:
        return value
    raise InvalidInput(f"{name} is a whole number from 1, not {value!r}")


def _seconds(name: str, value: object) -> int:
    if value in (0, "0") and not isinstance(value, bool):
        return 0
    return _number(name, value)


def _list(name: str, value: object) -> tuple[str, ...]:
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return tuple(value)
    raise InvalidInput(f"{name} is a list of texts, not {value!r}")


def _tools(name: str, value: object) -> tuple[str, ...]:
    written = value if isinstance(value, str) else ",".join(_list(name, value))
    return split_tools(name, written)


def _names(name: str, value: object) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else _list(name, value)
    if not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", word) for word in names):
        raise InvalidInput(f"{name} is names of variables, as in A_KEY,OTHER, not {value!r}")
    return tuple(names)


def _servers(name: str, value: object) -> Mapping[str, Mapping[str, Any]]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            value = None
    shape = '{"name": {"command": "program", "args": [], "env": {}}}'
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{name} is an object like {shape}")
    for server, said in value.items():
        if not re.fullmatch(NAME, str(server)) or not _is_server(said):
            raise InvalidInput(f"{name}: {server!r} is no server; write {shape}")
    return {server: dict(said) for server, said in value.items()}


def _is_server(said: object) -> bool:
    if not isinstance(said, Mapping) or not said.keys() <= set(SERVER):
        return False
    args, env = said.get("args", []), said.get("env", {})
    return (
        isinstance(said.get("command"), str)
        and isinstance(args, list | tuple)
        and isinstance(env, Mapping)
        and all(isinstance(word, str) for word in (*args, *env.keys(), *env.values()))
    )


CHECKS: Mapping[str, Callable[[str, object], Any]] = {
    "model": _text,
    "permission_mode": _text,
    "read_only": _flag,
    "allowed_tools": _tools,
    "denied_tools": _tools,
    "max_turns": _number,
    "system": _prose,
    "mcp": _servers,
    "env": _names,
    "program": _text,
    "idle": _seconds,
    "fork": _flag,
    "ask": _flag,
    "arguments": _list,
}
FLAGS = ("read_only", "fork", "ask")
LISTS = ("allowed_tools", "denied_tools", "env")
STRICTER = ("denied_tools", "env")
"""What a prompt adds to the session's; of anything else its own takes the place."""


def read_words(agent: str, words: tuple[str, ...], known: tuple[str, ...]) -> dict[str, Any]:
    """The options in the words behind an agent's name. Raises InvalidInput."""
    taken: dict[str, Any] = {}
    rest = list(words)
    while rest:
        word, equals, value = rest.pop(0).partition("=")
        if word == "--" and not equals:
            taken["arguments"] = tuple(rest)
            break
        name = word.removeprefix("--").replace("-", "_")
        flags = [f"--{option.replace('_', '-')}" for option in known if option != "arguments"]
        if word not in flags:
            raise InvalidInput(
                f"{agent} has no option {word!r}; it has {', '.join(flags)}, "
                "and what the program itself is to get follows after --"
            )
        if name in taken and name not in LISTS:
            raise InvalidInput(f"{agent}: {word} is given twice; leave one of them out")
        if name in FLAGS:
            if equals:
                raise InvalidInput(f"{agent}: {word} takes no value")
            taken[name] = True
            continue
        if not equals and not rest:
            raise InvalidInput(f"{agent}: {word} needs a value")
        given = CHECKS[name](word, value if equals else rest.pop(0))
        taken[name] = (*taken.get(name, ()), *given) if name in LISTS else given
    return taken


def read_options(agent: str, given: Mapping[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    """The options of a prompt, checked. Raises InvalidInput."""
    for name in given:
        if name not in known:
            raise InvalidInput(f"{agent} has no option {name!r}; it has {', '.join(known)}")
    return {name: CHECKS[name](name, value) for name, value in given.items()}


def merge(agent: str, session: Mapping[str, Any], prompt: Mapping[str, Any]) -> Settings:
    """The prompt's options over the session's. Raises InvalidInput.

    What only reads stays so: neither can the prompt lift it, nor do the session's permissions and
    servers count then.
    """
    for given in (session, prompt):
        for name in ("permission_mode", "allowed_tools"):
            if given.get("read_only") and given.get(name):
                raise InvalidInput(f"{agent}: read_only and {name} exclude each other")
    read_only = bool(session.get("read_only") or prompt.get("read_only"))
    merged = {**session, **prompt, "read_only": read_only}
    for name in STRICTER:
        both = (*session.get(name, ()), *prompt.get(name, ()))
        merged[name] = tuple(dict.fromkeys(both))
    if read_only:
        merged |= {"permission_mode": None, "allowed_tools": (), "mcp": prompt.get("mcp", {})}
        merged["ask"] = False
    return Settings(**merged)
