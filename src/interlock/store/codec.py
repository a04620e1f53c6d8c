"""Values to canonical JSON text and back: sorted keys, UTF-8, nothing that JSON has not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, cast

import orjson
from attrs import frozen
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.preconf.orjson import make_converter
from cattrs.strategies import configure_tagged_union

from interlock.engine.commands import COMMANDS, Command
from interlock.engine.errors import InvalidInput
from interlock.engine.payload import accept, plain
from interlock.engine.values import Interaction, Result

TEXT, WHOLE, OBJECT = (str, "a string"), (int, "a whole number"), (dict, "an object")
RESULT_FIELDS = {
    "status": TEXT,
    "output": TEXT,
    "stdout": TEXT,
    "stderr": TEXT,
    "error": TEXT,
    "data": OBJECT,
    "usage": OBJECT,
    "remember": OBJECT,
    "code": WHOLE,
    "duration_ms": WHOLE,
}

_converter = make_converter(omit_if_default=True)
_converter.register_structure_hook(datetime, lambda text, _: datetime.fromisoformat(text))
_converter.register_unstructure_hook(datetime, lambda value: value.isoformat())
configure_tagged_union(
    Command, _converter, tag_name="kind", tag_generator=lambda cls: str(vars(cls)["kind"])
)
# Each is what the converter would find anew for each value.
_command_data: Callable[[Command], dict[str, Any]] = _converter.get_unstructure_hook(Command)
_result_data = make_dict_unstructure_fn(
    Result, _converter, _cattrs_omit_if_default=True, status=override(omit_if_default=False)
)


def dump(value: Any) -> str:
    """The canonical text of a value that `check_payload` let through. Raises InvalidInput for what
    JSON cannot say."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except (TypeError, RecursionError):
        pass
    try:
        return orjson.dumps(plain(value), option=orjson.OPT_SORT_KEYS).decode()
    except (TypeError, RecursionError) as error:
        raise InvalidInput(f"this cannot be kept as JSON: {error}") from None


def load(text: str) -> Any:
    """The value of a text that `dump` made."""
    return orjson.loads(text)


def command_data(command: Command) -> dict[str, Any]:
    """A command as plain JSON data, with its `kind`; fields at their default are left out."""
    return _command_data(command)


def result_data(result: Result) -> dict[str, Any]:
    """A result as plain JSON data; fields at their default, but its status, are left out."""
    return _result_data(result)


def dump_command(command: Command) -> str:
    """The canonical text of a command."""
    return dump(command_data(command))


def load_command(text: str) -> Command:
    """The command of a text."""
    return cast(Command, _converter.structure(load(text), cast(Any, Command)))


def dump_result(result: Result) -> str:
    """The canonical text of a result."""
    return dump(result_data(result))


def load_result(text: str) -> Result:
    """The result of a text."""
    return _converter.structure(load(text), Result)


@frozen
class Submitted:
    """A result as it was handed in, with its text."""

    result: Result
    text: str

    @classmethod
    def of(cls, result: Result) -> Submitted:
        """What a result that was accepted is known by."""
        return cls(result, dump_result(result))

    @property
    def digest(self) -> str:
        """What tells it from another: SHA-256 of its text, hexadecimal."""
        return sha256(self.text.encode()).hexdigest()

    def is_of(self, row: Interaction) -> bool:
        """True when it is what this row's result was read from. A row keeps the digest of what
        was handed in only where its step read something else in it."""
        if row.submitted is not None:
            return row.submitted == self.digest
        return row.result is not None and dump_result(row.result) == self.text


def read_command(data: Mapping[str, Any]) -> Command:
    """The command in plain data from outside. Raises InvalidInput."""
    if data.get("kind") not in {cls.kind for cls in COMMANDS}:
        raise InvalidInput(f"{data.get('kind')!r} is no kind of command")
    try:
        return cast(Command, _converter.structure(data, cast(Any, Command)))
    except Exception as error:
        raise InvalidInput(f"this is no command: {error}") from None


def read_result(data: Mapping[str, Any]) -> Result:
    """The result in plain data from outside. Raises InvalidInput naming what is wrong."""
    for key, value in data.items():
        if key not in RESULT_FIELDS:
            raise InvalidInput(f"a result has no {key!r}; it has {', '.join(RESULT_FIELDS)}")
        cls, name = RESULT_FIELDS[key]
        if value is not None and (not isinstance(value, cls) or isinstance(value, bool)):
            raise InvalidInput(f"a result's {key} is {name}, not {value!r}")
    given = {key: value for key, value in data.items() if value is not None}
    return accept(Result(**given))
