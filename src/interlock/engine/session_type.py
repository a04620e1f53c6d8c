"""What a session type is: a table of transitions and one method per step."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from interlock.engine.definition import Definition, define
from interlock.engine.errors import InvalidInput
from interlock.engine.steps import Step, step
from interlock.engine.table import CANCELLED, COMPLETE, FAILED

__all__ = ["CANCELLED", "COMPLETE", "FAILED", "SessionType", "Step", "step"]


class SessionType:
    """Subclass it, declare `transitions` and write one `@step` method per source in it.

    The class is checked when it is defined; a fault is a DefinitionError that names the class,
    the row and the mend. A class without `transitions` is a shared parent and is not checked.
    """

    transitions: ClassVar[Sequence[Sequence[Any]]]
    """Rows `[trigger, source, destination]`, then optionally a guard's name or a list of them
    (all must hold) and an `unless` likewise. Rows are tried in order; the first source starts."""

    name: ClassVar[str]
    """Defaults to the class name in snake case."""

    budget: ClassVar[int] = 100
    """How many interactions a session may have."""

    options: ClassVar[Mapping[str, Any]] = {}
    """What each of its prompts asks of the agent, as in `{"model": "opus"}`. Those of a step go
    before them, those of a prompt before both, and all of them before the session's."""

    inputs: ClassVar[Mapping[str, str]] = {}
    """Input keys with their help; a key that ends in `?` may be left out.
    Where nothing is declared, any input is taken."""

    definition: ClassVar[Definition]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in cls.__dict__:
            cls.name = _snake(cls.__name__)
        if hasattr(cls, "transitions"):
            cls.definition = define(cls)

    @classmethod
    def check_input(cls, given: Mapping[str, Any]) -> None:
        """Raise InvalidInput when a declared key is missing or an undeclared one is given."""
        if not cls.inputs:
            return
        known = {key.removesuffix("?"): not key.endswith("?") for key in cls.inputs}
        missing = [key for key, needed in known.items() if needed and key not in given]
        unknown = [key for key in given if key not in known]
        if missing:
            key = missing[0]
            raise InvalidInput(
                f"{cls.name} needs the input {key!r} ({cls.inputs[key]}); give -i {key}=VALUE"
            )
        if unknown:
            raise InvalidInput(
                f"{cls.name} has no input {unknown[0]!r}; it takes {', '.join(known)}"
            )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
