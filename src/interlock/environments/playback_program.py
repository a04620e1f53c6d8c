"""Prints one recorded result as JSON: `python -m interlock.environments.playback_program`.

Its arguments are the file of the record, the step (empty: any), the attempt and the row from which
attempts count. What goes wrong is one line on standard error and exit status 1.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_BYTES = 256 * 1024 * 1024

TEXT = (str, type(None))
FIELDS: Mapping[str, tuple[type, ...]] = {
    "status": (str,),
    "stdout": TEXT,
    "stderr": TEXT,
    "output": (str,),
    "data": (dict,),
    "error": TEXT,
    "code": (int, type(None)),
    "duration_ms": (int, type(None)),
    "usage": (dict, type(None)),
    "remember": (dict,),
}
HOW = "write it with `interlock log ID --full --json`"


class Unplayable(Exception):
    """There is no answer, and why: one line."""


def load_record(path: Path) -> list[Mapping[str, Any]]:
    """The recorded interactions, in order. Raises Unplayable."""
    try:
        if not path.is_file():
            raise Unplayable(f"the record {path} does not exist or is no file: {HOW}")
        if path.stat().st_size > MAX_BYTES:
            raise Unplayable(f"the record {path} is larger than {MAX_BYTES} bytes")
        rows = json.loads(path.read_bytes(), parse_constant=_refuse)
    except OSError as error:
        raise Unplayable(f"the record {path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise Unplayable(f"the record {path} is not JSON ({error}): {HOW}") from None
    if not isinstance(rows, list):
        raise Unplayable(f"the record {path} is not a list of interactions: {HOW}")
    for number, row in enumerate(rows, 1):
        if not isinstance(row, dict) or not isinstance(row.get("command"), dict):
            raise Unplayable(f"entry {number} of the record {path} is no interaction: {HOW}")
    return rows


def choose(
    rows: Sequence[Mapping[str, Any]], *, step: str | None, attempt: int, since: int
) -> Mapping[str, Any]:
    """The fields of the result recorded for a step's try; of any step when `step` is None.

    Attempts count from row `since` on, so the answers recorded up to it are used up. Raises
    Unplayable past the end of the record.
    """
    answers = [
        row
        for row in rows
        if row["command"].get("kind") == "prompt"
        and row.get("status") == "done"
        and isinstance(row.get("result"), dict)
        and step in (None, row.get("step"))
    ]
    used = sum(1 for row in answers if isinstance(row.get("seq"), int) and row["seq"] <= since)
    number = used + attempt
    if number > len(answers):
        whose = "a prompt" if step is None else f"a prompt of step {step}"
        raise Unplayable(
            f"the record has {len(answers)} results of {whose}, and this asks for number {number}"
        )
    return check_result(answers[number - 1])


def check_result(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields of a row's result that a Result has. Raises Unplayable on one of a wrong type."""
    result = {name: row["result"][name] for name in FIELDS if name in row["result"]}
    for name, value in result.items():
        if not isinstance(value, FIELDS[name]) or isinstance(value, bool):
            raise Unplayable(
                f"the recorded result of step {row.get('step')} has the {name} {value!r:.80}: {HOW}"
            )
    return result


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON value")


def main(arguments: Sequence[str]) -> int:
    """The exit status; the result goes to standard output."""
    try:
        path, step, attempt, since = arguments
        rows = load_record(Path(path))
        result = choose(rows, step=step or None, attempt=int(attempt), since=int(since))
    except (Unplayable, ValueError) as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is what the program is for
        return 1
    # ASCII only: the locale of the machine may know no other characters.
    print(json.dumps(result))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
