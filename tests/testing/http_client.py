"""A client of the model server."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http.client import HTTPConnection, HTTPResponse
from typing import Any

PATIENCE = 60  # seconds
MESSAGES = "/v1/messages"
ASKED: dict[str, Any] = {"model": "m", "tools": [{"name": "write"}]}


class Client:
    """One connection."""

    def __init__(self, url: str) -> None:
        self.connection = HTTPConnection(url.removeprefix("http://"), timeout=PATIENCE)

    def open(self, path: str, body: Any = None, **headers: str) -> HTTPResponse:
        """The answer, not read yet."""
        method = "GET" if body is None else "POST"
        data = json.dumps(body).encode() if isinstance(body, dict) else body
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request(method, path, data, names)
        return self.connection.getresponse()

    def ask(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        answer = self.open(path, body, **headers)
        return answer.status, json.loads(answer.read())


def said(answer: Mapping[str, Any]) -> str:
    """The text of an answer of Messages."""
    return str(answer["content"][0]["text"])
