"""The model server over HTTP, as a client sees it."""

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead

import pytest

from interlock.engine.errors import InvalidInput
from interlock.testing import ModelRequest, ModelServer, Turn, Usage
from tests.testing.http_client import ASKED, MESSAGES, PATIENCE, Client, said
from tests.testing.transcripts import (
    Hear,
    events,
    hear_anthropic,
    hear_chat,
    hear_gemini,
    hear_responses,
)

GEMINI = "/v1beta/models/m:streamGenerateContent?alt=sse"
STREAMS: list[tuple[str, Hear]] = [
    (MESSAGES, hear_anthropic),
    ("/v1/responses", hear_responses),
    ("/v1/chat/completions", hear_chat),
    (GEMINI, hear_gemini),
]
PATHS = [path for path, _ in STREAMS]


@pytest.mark.parametrize(("path", "hear"), STREAMS, ids=PATHS)
def test_each_vendor_streams(path: str, hear: Hear, clients: list[Client]) -> None:
    """A stream of events, in chunks, that says the turn with the model that was asked for."""
    with ModelServer(Turn.tool("write", {"path": "a"}, said="Now.")) as server:
        clients.append(Client(server.url))
        answer = clients[0].open(path, ASKED | {"stream": True})
        heard = hear(events(answer.read()))
    assert answer.getheader("Content-Type") == "text/event-stream; charset=utf-8"
    assert answer.getheader("Transfer-Encoding") == "chunked"
    assert (heard.text, heard.calls, heard.model) == ("Now.", [("write", {"path": "a"})], "m")


def test_each_vendor_answers_without_a_stream(clients: list[Client]) -> None:
    """One JSON document each, over one connection."""
    with ModelServer(Turn.text("Now."), repeat_last=True) as server:
        clients.append(Client(server.url))
        messages = clients[0].ask(MESSAGES, ASKED)
        responses = clients[0].ask("/v1/responses", ASKED)
        chat = clients[0].ask("/v1/chat/completions", ASKED)
        gemini = clients[0].ask("/v1beta/models/m:generateContent", ASKED)
    assert said(messages[1]) == "Now."
    assert responses[1]["output"][0]["content"][0]["text"] == "Now."
    assert chat[1]["choices"][0]["message"]["content"] == "Now."
    assert gemini[1]["candidates"][0]["content"]["parts"] == [{"text": "Now."}]


# the path, the status sent for 529, where the body says it
ERRORS = [
    (MESSAGES, 529, ["error", "type"], "overloaded_error", "rate_limit_error"),
    ("/v1/responses", 503, ["error", "code"], "server_overloaded", "rate_limit_exceeded"),
    ("/v1/chat/completions", 503, ["error", "code"], "server_overloaded", "rate_limit_exceeded"),
    (GEMINI, 503, ["error", "status"], "UNAVAILABLE", "RESOURCE_EXHAUSTED"),
]


@pytest.mark.parametrize(("path", "status", "place", "overload", "limit"), ERRORS, ids=PATHS)
def test_each_vendor_refuses(
    path: str, status: int, place: list[str], overload: str, limit: str, clients: list[Client]
) -> None:
    """Errors have the vendor's status, its word for them, and when to come back."""
    turns = Turn.error(429, retry_after=7), Turn.error(529), Turn.error(401), Turn.error(500, "No.")
    with ModelServer(*turns) as server:
        clients.append(Client(server.url))
        limited = clients[0].open(path, ASKED | {"stream": True})
        told = json.loads(limited.read())
        overloaded = clients[0].ask(path, ASKED)
        unknown = clients[0].ask(path, ASKED)
        broken = clients[0].ask(path, ASKED)
    assert (limited.status, limited.getheader("Retry-After")) == (429, "7")
    assert told[place[0]][place[1]] == limit
    assert (overloaded[0], overloaded[1][place[0]][place[1]]) == (status, overload)
    assert unknown[0] == 401
    assert "api" in unknown[1]["error"]["message"].lower()
    assert (broken[0], broken[1]["error"]["message"]) == (500, "No.")
    assert [request.status for request in server.turns] == [429, status, 401, 500]


@pytest.mark.parametrize("path", PATHS)
def test_a_cut_stream_can_be_told_from_a_whole_one(path: str, clients: list[Client]) -> None:
    """The connection ends in the middle of a line, after some of the answer."""
    with ModelServer(Turn.cut()) as server:
        clients.append(Client(server.url))
        answer = clients[0].open(path, ASKED | {"stream": True})
        with pytest.raises(IncompleteRead) as cut:
            answer.read()
    assert cut.value.partial.startswith((b"event: ", b"data: "))
    assert not cut.value.partial.endswith(b"\n\n")


def test_turns_come_in_order_and_then_the_script_is_over(clients: list[Client]) -> None:
    """One turn for each request; past the last one an error says so."""
    with ModelServer(Turn.text("One."), Turn.text("Two.")) as server:
        clients.append(Client(server.url))
        first, second, third = (clients[0].ask(MESSAGES, ASKED) for _ in range(3))
    assert (said(first[1]), said(second[1])) == ("One.", "Two.")
    assert third[0] == 400
    message = third[1]["error"]["message"]
    assert message == "the script is over: it has 2 turns, this is turn 3"
    assert [request.turn for request in server.requests] == [0, 1, None]


def test_the_last_turn_can_repeat(clients: list[Client]) -> None:
    """Asked again and again, the server says its last turn again."""
    with ModelServer(Turn.text("One."), Turn.text("Two."), repeat_last=True) as server:
        clients.append(Client(server.url))
        texts = [said(clients[0].ask(MESSAGES, ASKED)[1]) for _ in range(4)]
    assert texts == ["One.", "Two.", "Two.", "Two."]
    assert [request.turn for request in server.turns] == [0, 1, 1, 1]


def test_a_request_without_tools_takes_no_turn(clients: list[Client]) -> None:
    """Titles and summaries are answered aside, at no cost, unless they are to take turns."""
    with ModelServer(Turn.text("One.")) as server:
        clients.append(Client(server.url))
        _, aside = clients[0].ask(MESSAGES, {"model": "m"})
        _, asked = clients[0].ask(MESSAGES, ASKED)
    assert said(aside) == "Work in progress"
    assert (aside["usage"]["input_tokens"], aside["usage"]["output_tokens"]) == (0, 0)
    assert said(asked) == "One."
    with ModelServer(Turn.text("One."), aside=None) as server:
        clients.append(Client(server.url))
        assert said(clients[1].ask(MESSAGES, {"model": "m"})[1]) == "One."


def test_a_turn_can_be_made_of_the_request(clients: list[Client]) -> None:
    """A function in the script gets the request; what it raises comes out at the end."""

    def answer(request: ModelRequest) -> Turn:
        return Turn.text(f"You said {request.fields['messages'][0]['content']}.")

    with ModelServer(answer) as server:
        clients.append(Client(server.url))
        body = ASKED | {"messages": [{"role": "user", "content": "hello"}]}
        assert said(clients[0].ask(MESSAGES, body)[1]) == "You said hello."

    def ask_without_messages() -> None:
        with ModelServer(answer) as server:
            clients.append(Client(server.url))
            with pytest.raises(OSError, match="closed connection"):
                clients[1].ask(MESSAGES, ASKED)

    with pytest.raises(KeyError, match="messages"):
        ask_without_messages()


@pytest.mark.parametrize("turn", [Turn.hang(3600), Turn.stall(3600)], ids=["hang", "stall"])
def test_the_end_of_the_server_ends_what_hangs(turn: Turn, clients: list[Client]) -> None:
    """A request that waits for an hour is cut off at once, and no thread is left."""
    threads = set(threading.enumerate())
    with ModelServer(turn) as server:
        clients.append(Client(server.url))
        clients[0].connection.request("POST", MESSAGES, json.dumps(ASKED))
        assert server.wait_for(lambda requests: len(requests) == 1)
    with pytest.raises((OSError, IncompleteRead)):
        clients[0].connection.getresponse().read()
    assert set(threading.enumerate()) <= threads


def test_a_turn_can_come_late(clients: list[Client]) -> None:
    """After a silence, before it or in the middle, the whole turn comes."""
    late = Turn.hang(0.01, Turn.text("One.")), Turn.stall(0.01, Turn.text("Two."))
    with ModelServer(*late) as server:
        clients.append(Client(server.url))
        assert said(clients[0].ask(MESSAGES, ASKED)[1]) == "One."
        assert said(clients[0].ask(MESSAGES, ASKED)[1]) == "Two."


def test_many_ask_at_once_and_each_turn_is_given_once(clients: list[Client]) -> None:
    """Twenty clients on one script get its twenty turns."""
    turns = [Turn.text(f"{number}", usage=Usage(input=number)) for number in range(20)]
    with ModelServer(*turns) as server, ThreadPoolExecutor(20) as pool:
        clients += [Client(server.url) for _ in turns]
        texts = pool.map(lambda client: said(client.ask(MESSAGES, ASKED)[1]), clients)
        assert sorted(texts, key=int) == [turn.said for turn in turns]
    assert sorted(request.turn or 0 for request in server.turns) == list(range(20))


def test_it_waits_for_a_request_with_a_bound() -> None:
    """False when what is waited for does not come."""
    with ModelServer(Turn.text("One.")) as server:
        assert not server.wait_for(bool, timeout=0)


def test_only_this_machine_reaches_it() -> None:
    """It listens on the loopback, at a free port, until its end; to end it twice is no error."""
    with ModelServer(Turn.text("One.")) as first, ModelServer(Turn.text("Two.")) as second:
        assert first.url.startswith("http://127.0.0.1:")
        assert first.url != second.url
    with pytest.raises(RuntimeError, match="is not running"):
        assert first.url
    first.close()


def test_a_script_needs_a_turn() -> None:
    """An empty script is a mistake that is told at once."""
    with pytest.raises(InvalidInput, match="a script needs a turn"):
        ModelServer()


def test_it_needs_nothing_else_of_interlock() -> None:
    """The server loads the engine and the standard library: no store, no command line."""
    code = "import sys; from interlock.testing import ModelServer; print(*sys.modules)"
    loaded = subprocess.run(
        (sys.executable, "-c", code), capture_output=True, text=True, check=True, timeout=PATIENCE
    ).stdout.split()
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("interlock.")}
    assert ours == {"interlock.engine", "interlock.testing"}
