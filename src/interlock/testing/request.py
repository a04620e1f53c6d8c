"""What an agent program asked of the model server, without what must stay secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from attrs import frozen

REDACTED = "***"
SECRET_HEADERS = (
    "api-key",
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-goog-api-key",
)
SECRET_PARAMETERS = ("access_token", "api_key", "key")


@frozen(kw_only=True)
class ModelRequest:
    """One request. Header names are lower-case; the values that prove who asks are `***`."""

    method: str
    path: str  # without the query
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any  # of JSON: what it says; of anything else: its text; of nothing: None
    turn: int | None = None  # which turn of the script answered it, from 0; None: no turn did
    status: int | None = None  # what it was answered with; None: the connection broke before

    @property
    def fields(self) -> Mapping[str, Any]:
        """The body's JSON object, or nothing."""
        return self.body if isinstance(self.body, dict) else {}

    @property
    def model(self) -> str:
        """The model that was asked for, in the body or in the path; empty if none was."""
        named = self.path.rpartition("/models/")[2] if "/models/" in self.path else ""
        return str(self.fields.get("model") or named.partition(":")[0])

    @property
    def tools(self) -> tuple[str, ...]:
        """The names of the tools that the program offers the model."""
        return tuple(_names(self.fields.get("tools") or []))


def record(method: str, target: str, headers: Mapping[str, str], body: bytes) -> ModelRequest:
    """The request as it is kept."""
    path, _, query = target.partition("?")
    return ModelRequest(
        method=method,
        path=path,
        query={name: _redacted(name, text) for name, text in parse_qsl(query)},
        headers={name.lower(): _redacted(name.lower(), text) for name, text in headers.items()},
        body=_parse(body),
    )


def _redacted(name: str, value: str) -> str:
    return REDACTED if name in SECRET_HEADERS or name in SECRET_PARAMETERS else value


def _parse(body: bytes) -> Any:
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _names(tools: Any) -> list[str]:
    names: list[str] = []
    for tool in tools if isinstance(tools, list) else []:
        if not isinstance(tool, dict):
            continue
        if isinstance(inner := tool.get("functionDeclarations", tool.get("tools")), list):
            names += _names(inner)  # Gemini groups its tools, Codex those of one MCP server
            continue
        function = tool.get("function")
        named = function if isinstance(function, dict) else tool
        names.append(str(named.get("name") or named.get("type") or ""))
    return names
