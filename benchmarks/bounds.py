"""What came out of a measurement, with the bound it must keep."""

from __future__ import annotations

from typing import Any

Figure = dict[str, Any]


def bound(
    value: float, *, at_least: float | None = None, at_most: float | None = None, **more: Any
) -> Figure:
    """The value, its one bound, whether it is kept, and what else the same measurement tells."""
    ok = (at_least is None or value >= at_least) and (at_most is None or value <= at_most)
    kept = {"at_least": at_least} if at_least is not None else {"at_most": at_most}
    return {"value": round(value, 3), **kept, "ok": ok, **more}
