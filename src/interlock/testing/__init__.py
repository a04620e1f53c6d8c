"""The test kit: session types and agents are tried without a model, a network and a cost.

Each name is imported when it is first used: pytest loads the kit's plugin in every run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from interlock.testing.driven import DrivenSession, drive
    from interlock.testing.fake_agent.agent import FakeAgent
    from interlock.testing.fake_agent.script import Fault
    from interlock.testing.model_server import ModelServer
    from interlock.testing.path import assert_path
    from interlock.testing.recording import replay
    from interlock.testing.request import ModelRequest
    from interlock.testing.turn import ToolCall, Turn, Usage

__all__ = [
    "DrivenSession",
    "FakeAgent",
    "Fault",
    "ModelRequest",
    "ModelServer",
    "ToolCall",
    "Turn",
    "Usage",
    "assert_path",
    "drive",
    "replay",
]

_MODULES = {
    "DrivenSession": "driven",
    "FakeAgent": "fake_agent.agent",
    "Fault": "fake_agent.script",
    "ModelRequest": "request",
    "ModelServer": "model_server",
    "ToolCall": "turn",
    "Turn": "turn",
    "Usage": "turn",
    "assert_path": "path",
    "drive": "driven",
    "replay": "recording",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'interlock.testing' has no attribute {name!r}")
    return getattr(import_module(f"interlock.testing.{_MODULES[name]}"), name)
