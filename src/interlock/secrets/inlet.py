"""The one inlet: what comes from outside, made fit to be kept and cleared of secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from attrs import evolve

from interlock.engine.errors import InvalidInput
from interlock.engine.payload import accept
from interlock.engine.values import Result
from interlock.secrets import vault
from interlock.secrets.redaction import Redaction, redaction_of

CREDENTIAL = re.compile(r"(?:key|token|secret|password|passwd)$", re.IGNORECASE)
SHORTEST = 8  # characters of a variable that is taken for a credential

TEXTS = ("status", "stdout", "stderr", "output", "error")
OBJECTS = ("data", "usage", "remember")


def redaction_for(account_id: str, variables: Mapping[str, str] | None = None) -> Redaction | None:
    """What takes the account's secrets out, and the values of those variables of a command whose
    names end like those of credentials. None where there is nothing to take out.

    Raises StoreUnusable when a secret cannot be read.
    """
    if variables is None:
        return redaction_of(tuple(vault.recent_values(account_id).items()))
    named = list(vault.values(account_id).items())
    for name, value in variables.items():
        if len(value) >= SHORTEST and CREDENTIAL.search(name):
            named.append((name, value))
    return redaction_of(tuple(named))


def take(account_id: str, result: Result) -> Result:
    """The result as it may be kept. Raises InvalidInput for data that JSON cannot say, and
    StoreUnusable when a secret cannot be read."""
    return clear(redaction_for(account_id), accept(result))


def take_data(account_id: str, data: Mapping[str, Any]) -> dict[str, Any]:
    """An event's data without secrets. Raises StoreUnusable when one cannot be read."""
    redaction = redaction_for(account_id)
    return dict(data) if redaction is None else redaction.value(data)


def clear(redaction: Redaction | None, result: Result) -> Result:
    """The result without what the redaction takes out."""
    if redaction is None:
        return result
    changed: dict[str, Any] = {}
    for name in TEXTS:
        if text := getattr(result, name):
            changed[name] = redaction.text(text)
    for name in OBJECTS:
        if value := getattr(result, name):
            changed[name] = redaction.value(value)
    return evolve(result, **changed)


def take_text(account_id: str, text: str) -> str:
    """The text without secrets. Raises StoreUnusable when one cannot be read."""
    redaction = redaction_for(account_id)
    return text if redaction is None else redaction.text(text)


def refuse_secrets(account_id: str, value: Any) -> None:
    """Raise InvalidInput where what a session begins with holds a secret: the log would have it."""
    redaction = redaction_for(account_id)
    if redaction is None:
        return
    for name in sorted(redaction.names(json.dumps(value, ensure_ascii=False))):
        raise InvalidInput(
            f"the value of the secret {name} is in what the session begins with, and would be "
            f"kept; leave it out and say --secret {name}"
        )
