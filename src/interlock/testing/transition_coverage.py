"""Which rows of its table, and which answers of its guards, the sessions of a type came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import define, field

from interlock.engine import SessionType
from interlock.testing.observation import Move

Key = tuple[str, str]
"""A type's name, and the digest of what it declares."""


@define
class TypeCoverage:
    """What was seen of one session type."""

    name: str
    rows: dict[str, bool]
    """Each row as it is written -> whether it was taken."""
    guards: dict[str, set[bool]]
    """Each guard -> what it said."""
    where: str = ""
    """The class, as module:name."""

    @classmethod
    def of(cls, kind: type[SessionType]) -> TypeCoverage:
        """Nothing seen yet."""
        rows = kind.definition.rows
        guards = dict.fromkeys(name for row in rows for name in row.condition)
        return cls(
            kind.name,
            {str(row): False for row in rows},
            {name: set() for name in guards},
            f"{kind.__module__}:{kind.__qualname__}",
        )

    @property
    def taken(self) -> int:
        """How many rows were taken."""
        return sum(self.rows.values())

    def add(self, other: TypeCoverage) -> None:
        """Takes over what another process saw."""
        for row, taken in other.rows.items():
            self.rows[row] = self.rows[row] or taken
        for name, said in other.guards.items():
            self.guards[name] |= said

    def gaps(self) -> Iterator[str]:
        """Each row and answer that is missing, in words."""
        for row, taken in self.rows.items():
            if not taken:
                yield f"never taken: {row}"
        for name, said in self.guards.items():
            missing = [word for word, value in (("true", True), ("false", False))
                       if value not in said]  # fmt: skip
            if len(missing) == 2:
                yield f"guard {name}: never asked"
            elif missing:
                yield f"guard {name}: never {missing[0]}"


@define
class TransitionCoverage:
    """What was seen of every session type, in this process and those that were added."""

    types: dict[Key, TypeCoverage] = field(factory=dict)

    def take(self, move: Move) -> None:
        """Takes in a move; it is what watches."""
        seen = self.types.get((move.definition.name, move.definition.digest))
        if seen is None:
            seen = self.know(move.kind)
        if move.row is not None:
            seen.rows[str(move.row)] = True
        for name, said in move.asked.items():
            seen.guards[name].add(said)

    def know(self, kind: type[SessionType]) -> TypeCoverage:
        """What was seen of a type, from now on also when that is nothing."""
        key = (kind.definition.name, kind.definition.digest)
        return self.types.setdefault(key, TypeCoverage.of(kind))

    def only(self, names: Iterable[str]) -> TransitionCoverage:
        """The types of these names."""
        wanted = set(names)
        return TransitionCoverage(
            {key: seen for key, seen in self.types.items() if seen.name in wanted}
        )

    @property
    def percent(self) -> float:
        """How many of all rows were taken; 0 where there are none."""
        rows = sum(len(seen.rows) for seen in self.types.values())
        taken = sum(seen.taken for seen in self.types.values())
        return 100 * taken / rows if rows else 0.0

    def dump(self) -> list[dict[str, Any]]:
        """What another process can `add`."""
        return [
            {
                "key": list(key),
                "where": seen.where,
                "rows": seen.rows,
                "guards": {name: sorted(said) for name, said in seen.guards.items()},
            }
            for key, seen in self.types.items()
        ]

    def add(self, dumped: Iterable[Mapping[str, Any]]) -> None:
        """Takes over what another process saw."""
        for one in dumped:
            name, digest = one["key"]
            guards = {guard: set(said) for guard, said in one["guards"].items()}
            other = TypeCoverage(name, dict(one["rows"]), guards, one["where"])
            known = self.types.setdefault((name, digest), other)
            if known is not other:
                known.add(other)

    def report(self) -> Iterator[str]:
        """The lines of a report: each type with its gaps, then the total."""
        named = [seen.name for seen in self.types.values()]
        for seen in sorted(self.types.values(), key=lambda seen: (seen.name, seen.where)):
            label = seen.name if named.count(seen.name) == 1 else f"{seen.name} ({seen.where})"
            share = 100 * seen.taken / len(seen.rows)
            yield f"{label}: {seen.taken} of {len(seen.rows)} rows, {share:.0f} %"
            yield from (f"  {gap}" for gap in seen.gaps())
        rows = sum(len(seen.rows) for seen in self.types.values())
        taken = sum(seen.taken for seen in self.types.values())
        yield f"in all: {taken} of {rows} rows, {self.percent:.0f} %"
