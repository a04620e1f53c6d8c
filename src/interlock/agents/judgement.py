"""What a run that was read comes to: ok, a warning, or a fault with its cause in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from interlock.agents.faults import Fault
from interlock.agents.stream import clip
from interlock.engine import Result
from interlock.engine.pause import NEEDS_INPUT

if TYPE_CHECKING:
    from interlock.agents.reading import Reading

MAX_LISTED = 50  # tools and servers that a result names


def conclude(reading: Reading, result: Result) -> Result:
    """The result of a run, given the result of its process; without usage."""
    fault = _judge(reading, result)
    blemish = "" if fault else _blemish(reading)
    asks = reading.question if not fault else ""
    status = fault.status if fault else "warning" if blemish else "ok"
    if asks and result.status != "timeout":
        status = NEEDS_INPUT
    return Result(
        result.status if result.status == "timeout" else status,
        output=asks or reading.said,
        stderr=result.stderr,
        error=fault.cause if fault else blemish or None,
        code=result.code,
        duration_ms=result.duration_ms,
        data={**result.data, **_facts(reading), **_reason(reading, fault)},
    )


def _judge(reading: Reading, result: Result) -> Fault | None:
    told = result.error or ""
    if result.status == "timeout":
        return Fault("timeout", told)
    if result.data.get("stopped"):
        return Fault("stopped", told)
    about = reading.asked.description
    if result.code is None and not reading.heard:
        missing = "was not found" in told
        advice = f"`{about.install}` installs it" if missing else ""
        return Fault("not_installed" if missing else "not_started", told).advising(advice)
    fault = reading.fault
    if fault is None and not result.ok:
        fault = reading.explain_exit(result)
    if fault is not None:
        return fault.advising(about.login if fault.kind == "not_logged_in" else "")
    return _judge_answer(reading)


def _judge_answer(reading: Reading) -> Fault | None:
    """What is wrong with a run whose process ended well."""
    settings = reading.asked.settings
    if not reading.ended and reading.heard:
        return Fault("cut", "its output ends before it told of an end")
    if not reading.ended:
        return Fault("silent", "it ended well and told of nothing")
    if not reading.said and not reading.tools:
        return Fault("silent", "it neither said nor did anything")
    if asked := sorted(set(reading.broken_servers) & settings.mcp.keys()):
        return Fault("mcp", f"these MCP servers did not start: {', '.join(asked)}")
    # One that got its work done in another way is told as a warning: a later check shows more.
    if reading.denials and not reading.changed and not settings.read_only:
        return Fault("denied", f"it changed nothing: {_tell_denials(reading)}")
    return None


def _blemish(reading: Reading) -> str:
    """What a run that is ok should be looked at for; empty for nothing."""
    doubts = [*reading.doubts]
    if reading.unanswered:
        asked = clip(" ".join(reading.unanswered.split()), 300)
        doubts.append(f"nobody answered its question, and it went on: {asked}")
    if reading.denials:
        doubts.append(_tell_denials(reading))
    if reading.broken_servers:
        doubts.append(f"these MCP servers did not start: {', '.join(reading.broken_servers)}")
    return "; ".join(doubts)


def _tell_denials(reading: Reading) -> str:
    tools = dict.fromkeys(denial["tool"] for denial in reading.denials)
    return f"it was not allowed to use {', '.join(tools)}"


def _reason(reading: Reading, fault: Fault | None) -> Mapping[str, Any]:
    if fault is not None:
        return {**fault.data, "kind": fault.kind}
    if reading.denials:
        return {"kind": "denied"}
    if reading.unanswered:
        return {"kind": "unanswered"}
    if reading.broken_servers or reading.doubts:
        return {"kind": "mcp" if reading.broken_servers else "options"}
    return {}


def _facts(reading: Reading) -> Mapping[str, Any]:
    facts: dict[str, Any] = {
        "conversation_id": reading.conversation_id,
        "model": reading.model,
        "version": reading.version,
        "turns": reading.turns,
        "tools": dict(list(reading.tools.items())[:MAX_LISTED]),
        "denied": reading.denials,
        "broken_servers": reading.broken_servers[:MAX_LISTED],
    }
    return {name: value for name, value in facts.items() if value}
