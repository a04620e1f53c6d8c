"""Amounts of what may be spent as a person writes them: `$5`, `2M`, `1h30m`, `200`."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from interlock.engine.errors import InvalidInput
from interlock.engine.limits import READ, Limits

SCALES = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
EXAMPLES = {"money": "5 or 0.50", "tokens": "50000 or 2M", "seconds": "90, 15m or 1h30m"}


def read_amount(name: str, text: str) -> Any:
    """The value of a limit in a text. Raises InvalidInput with what it may look like."""
    plain = text.strip().lower().replace("_", "")
    value = READERS[name](plain)
    if value is None:
        example = EXAMPLES.get(name, "200")
        raise InvalidInput(f"{name}: {text[:80]!r} is no amount; give it as in {example}")
    return getattr(Limits.of({name: value}), name)


def read_pairs(words: tuple[str, ...]) -> dict[str, Any]:
    """The limits in words such as `money=5,tokens=1M`. Raises InvalidInput."""
    found: dict[str, Any] = {}
    for pair in ",".join(words).split(",") if words else ():
        name, equals, text = pair.partition("=")
        name = {"time": "seconds"}.get(name.strip(), name.strip())
        if name not in READ or not equals:
            told = ", ".join(READ)
            raise InvalidInput(f"a budget is {told} = an amount, as in money=5, not {pair[:80]!r}")
        found[name] = read_amount(name, text)
    return found


def show_amount(name: str, value: Any) -> str:
    """An amount: `$5.00`, `50,000 tokens`, `1 h 30 min`, `5 steps`."""
    match name:
        case "money":
            return f"${_dollars(Decimal(value))}"
        case "seconds":
            return _duration(float(value))
    unit = name.removesuffix("s") if value == 1 else name
    return f"{value:,} {unit}"


def show_limits(limits: Limits) -> str:
    """The limits there are: `$5.00, 50,000 tokens`."""
    return ", ".join(show_amount(name, value) for name, value in limits.given.items())


def _dollars(value: Decimal) -> str:
    """Cents, and more of what is less than a dollar."""
    if value >= 1 or value == 0:
        return f"{value:.2f}"
    return re.sub(r"(\.\d\d\d*?)0+$", r"\1", f"{value:.{4 if value >= Decimal('0.001') else 9}f}")


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds >= 0.1 else f"{seconds:.2g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in parts if count)


def _money(text: str) -> Any:
    found = re.fullmatch(r"\$?(\d+\.?\d*|\.\d+)", text)
    return found and Decimal(found[1])


def _count(text: str) -> Any:
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([kmg]?)", text)
    if found is None:
        return None
    value = Decimal(found[1]) * SCALES[found[2]]
    return int(value) if value == int(value) else None


def _seconds(text: str) -> Any:
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    if not re.fullmatch(r"(\d+(\.\d+)?[dhms])+", text):
        return None
    return sum(float(n) * UNITS[unit] for n, _, unit in re.findall(r"(\d+(\.\d+)?)([dhms])", text))


READERS = {"money": _money, "tokens": _count, "seconds": _seconds, "steps": _count}
