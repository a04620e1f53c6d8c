"""What the model server keeps of a request, and what it does with one that it does not know."""

import gzip
import json
from typing import Any

import pytest

from interlock.testing import ModelServer, Turn
from tests.testing.http_client import ASKED, MESSAGES, Client, said


def test_what_was_asked_is_kept_without_the_key(clients: list[Client]) -> None:
    """Method, path, query, headers and body; and no value that proves who asks."""
    with ModelServer(Turn.text("One."), repeat_last=True) as server:
        clients.append(Client(server.url))
        value = "key-to-everything"
        clients[0].ask(
            f"{MESSAGES}?beta=true&key={value}",
            ASKED,
            X_Api_Key=value,
            Authorization=f"Bearer {value}",
            X_Goog_Api_Key=value,
            Cookie=value,
            User_Agent="tester",
        )
    (request,) = server.requests
    assert value not in str(request)
    assert request.headers["x-api-key"] == request.headers["authorization"] == "***"
    assert request.headers["user-agent"] == "tester"
    assert (request.method, request.path) == ("POST", MESSAGES)
    assert request.query == {"beta": "true", "key": "***"}
    assert (request.body, request.model, request.tools) == (ASKED, "m", ("write",))
    assert request.status == 200


@pytest.mark.parametrize(
    "tools",
    [
        [{"name": "read"}, {"name": "write"}],
        [{"type": "function", "function": {"name": "read"}}, {"function": {"name": "write"}}],
        [{"functionDeclarations": [{"name": "read"}, {"name": "write"}]}],
        [{"type": "namespace", "name": "mcp", "tools": [{"name": "read"}]}, {"name": "write"}],
    ],
)
def test_offered_tools_are_named(tools: list[Any], clients: list[Client]) -> None:
    """In the words of each vendor."""
    with ModelServer(Turn.text("One.")) as server:
        clients.append(Client(server.url))
        clients[0].ask(MESSAGES, {"model": "m", "tools": tools})
    assert server.turns[0].tools == ("read", "write")


def test_what_is_unknown_is_kept_and_answered_404(clients: list[Client]) -> None:
    """Any other path or method gets JSON, and takes no turn."""
    with ModelServer(Turn.text("One.")) as server:
        clients.append(Client(server.url))
        assert clients[0].ask("/v1/telemetry", {"a": 1})[0] == 404
        assert clients[0].ask("/", None)[0] == 404
        clients[0].connection.request("HEAD", "/")
        head = clients[0].connection.getresponse()
        assert (head.status, head.read()) == (404, b"")
        assert said(clients[0].ask(MESSAGES, ASKED)[1]) == "One."
    statuses = [(request.method, request.path, request.status) for request in server.requests]
    assert statuses[:2] == [("POST", "/v1/telemetry", 404), ("GET", "/", 404)]
    assert [request.turn for request in server.requests] == [None, None, None, 0]


def test_models_and_tokens_are_told(clients: list[Client]) -> None:
    """The lists of models in each vendor's shape, and a rough count of tokens."""
    with ModelServer(Turn.text("One."), models=("m", "n")) as server:
        clients.append(Client(server.url))
        _, models = clients[0].ask("/v1/models")
        _, gemini = clients[0].ask("/v1beta/models")
        _, count = clients[0].ask("/v1/messages/count_tokens", {"messages": ["x" * 4000]})
        _, total = clients[0].ask("/v1beta/models/m:countTokens", {"contents": ["x" * 4000]})
    assert [model["id"] for model in models["data"]] == ["m", "n"]
    assert [model["name"] for model in gemini["models"]] == ["models/m", "models/n"]
    assert 1000 <= count["input_tokens"] < 1100
    assert 1000 <= total["totalTokens"] < 1100


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff\xfe"])
def test_a_body_that_is_no_object_is_refused(body: bytes, clients: list[Client]) -> None:
    """It is a bad request, in the vendor's words, and takes no turn."""
    with ModelServer(Turn.text("One.")) as server:
        clients.append(Client(server.url))
        status, told = clients[0].ask(MESSAGES, body)
        assert (status, told["error"]["type"]) == (400, "invalid_request_error")
        assert said(clients[0].ask(MESSAGES, ASKED)[1]) == "One."


def test_packed_and_chunked_bodies_are_read(clients: list[Client]) -> None:
    """gzip and chunks are unpacked; another packing is refused."""
    data = json.dumps(ASKED).encode()
    with ModelServer(Turn.text("One."), repeat_last=True) as server:
        clients.append(Client(server.url))
        assert clients[0].ask(MESSAGES, gzip.compress(data), Content_Encoding="gzip")[0] == 200
        assert clients[0].ask(MESSAGES, iter([data[:9], data[9:]]))[0] == 200
        assert clients[0].ask(MESSAGES, data, Content_Encoding="br")[0] == 400
    assert [request.body for request in server.turns] == [ASKED, ASKED]
