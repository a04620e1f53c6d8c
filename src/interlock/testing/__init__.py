"""The test kit: agents can be tried without a model, without a network and without a cost."""

from interlock.testing.model_server import ModelServer
from interlock.testing.request import ModelRequest
from interlock.testing.turn import ToolCall, Turn, Usage

__all__ = ["ModelRequest", "ModelServer", "ToolCall", "Turn", "Usage"]
