"""What may be spent: money, tokens, seconds, steps. A limit is a number, or None for none."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from attrs import asdict, frozen

from interlock.engine.errors import InvalidInput

MOST = 10**9
"""Dollars, seconds or steps: what can still be counted exactly with the parts of them."""
MOST_TOKENS = 10**15


@frozen
class Limits:
    """How much may be spent. One that is reached lets nothing more begin."""

    money: Decimal | None = None
    """US dollars."""
    tokens: int | None = None
    """Input and output."""
    seconds: float | None = None
    """Of commands that are carried out; waiting for a person, a time or children is none."""
    steps: int | None = None
    """Commands that are carried out."""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Limits:
        """The limits by name. Raises InvalidInput for another name or no usable number."""
        if not isinstance(given, Mapping):
            raise InvalidInput(f"a budget maps its limits to numbers, not {given!r}")
        for name in given:
            if name not in READ:
                raise InvalidInput(f"a budget has no {name!r}; it has {', '.join(READ)}")
        read: dict[str, Any] = {
            name: READ[name](name, value) for name, value in given.items() if value is not None
        }
        return cls(**read)

    @property
    def given(self) -> dict[str, Any]:
        """The limits there are, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @property
    def plain(self) -> dict[str, Any]:
        """The limits there are, as JSON can say them: money as text."""
        return {n: f"{v:f}" if isinstance(v, Decimal) else v for n, v in self.given.items()}

    def over(self, other: Limits) -> Limits:
        """These limits, and those of another where these have none."""
        return Limits(**{**other.given, **self.given})


def _money(name: str, value: Any) -> Decimal:
    try:
        if isinstance(value, bool):
            raise TypeError
        money = Decimal(str(value)).normalize() if isinstance(value, float) else Decimal(value)
        if money.is_finite() and Decimal("1e-9") <= money <= MOST:
            return money.quantize(Decimal("1e-9")).normalize()
    except (InvalidOperation, TypeError, ValueError):
        pass
    raise _wrong(name, value, f"more than 0 and at most {MOST} dollars")


def _whole(name: str, value: Any) -> int:
    most = MOST_TOKENS if name == "tokens" else MOST
    if type(value) is int and 1 <= value <= most:
        return value
    raise _wrong(name, value, f"a whole number from 1 to {most}")


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= MOST:
        return float(value)
    raise _wrong(name, value, f"more than 0 and at most {MOST} seconds")


def _wrong(name: str, value: Any, wanted: str) -> InvalidInput:
    return InvalidInput(f"the limit {name} is {wanted}, not {value!r:.80}")


READ = {"money": _money, "tokens": _whole, "seconds": _seconds, "steps": _whole}
"""The limits there are, and what reads each."""
