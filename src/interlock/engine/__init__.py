"""The engine: values and pure decisions. No clock, no disk, no network."""

from interlock.engine.commands import Ask, Call, Child, Command, Prompt, Shell, Spawn, Wait
from interlock.engine.decide import (
    handle_result,
    hold,
    next_command,
    reissue,
    settle_unknown,
    start,
)
from interlock.engine.definition import Definition
from interlock.engine.join import join
from interlock.engine.lifecycle import cancel, reopen, replay, retry
from interlock.engine.session_type import CANCELLED, COMPLETE, FAILED, SessionType, Step, step
from interlock.engine.values import Interaction, Log, Result, Scope, Session

__all__ = [
    "CANCELLED",
    "COMPLETE",
    "FAILED",
    "Ask",
    "Call",
    "Child",
    "Command",
    "Definition",
    "Interaction",
    "Log",
    "Prompt",
    "Result",
    "Scope",
    "Session",
    "SessionType",
    "Shell",
    "Spawn",
    "Step",
    "Wait",
    "cancel",
    "handle_result",
    "hold",
    "join",
    "next_command",
    "reissue",
    "reopen",
    "replay",
    "retry",
    "settle_unknown",
    "start",
    "step",
]
