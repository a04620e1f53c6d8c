"""A model server on the loopback that says what a script tells it, in each vendor's words."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from socketserver import ThreadingTCPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self

from interlock.testing.handler import Handler
from interlock.testing.request import ModelRequest
from interlock.testing.script import Line, Script
from interlock.testing.turn import Turn, Usage

ADDRESS = "127.0.0.1"
# Without tokens, so that what a program says it used is what the script says.
ASIDE = Turn.text("Work in progress", usage=Usage(input=0, output=0))


class ModelServer:
    """Answers agent programs in place of Anthropic, OpenAI and Google, from a script of turns.

        with ModelServer(Turn.tool("Write", {...}), Turn.text("Done.")) as server:
            ...  # a program with ANTHROPIC_BASE_URL=server.url
        assert "Write" in server.turns[0].tools

    It speaks Anthropic Messages, OpenAI Responses and Chat Completions, and Gemini, each with
    and without a stream, all at once; OpenAI's clients want `server.url + "/v1"`. Anything else
    is answered 404. All requests are kept.

    Each request takes the next turn; in place of a turn there may be a function that makes one
    of the request. Past the last turn the server answers with an error 400 that says so, or
    repeats the last one if `repeat_last`. A request that offers the model no tools takes no turn:
    it is a title or a summary that a program asks for beside its work, and is answered `aside`.
    With `aside=None` such requests take turns too. What such a function raises breaks the
    connection, and is raised again at the end of the `with`.
    """

    def __init__(
        self,
        *turns: Line,
        repeat_last: bool = False,
        aside: Turn | None = ASIDE,
        models: tuple[str, ...] = (),
    ) -> None:
        self._script = Script(turns, repeat_last=repeat_last, aside=aside)
        self._models = models
        self._server: _Server | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self._script, self._models)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        server = self._server
        self.close()
        if server and server.errors and error is None:
            raise server.errors[0]

    @property
    def url(self) -> str:
        """Where it listens, as http://127.0.0.1:PORT. Raises RuntimeError before `with`."""
        if self._server is None:
            raise RuntimeError("the model server is not running: use it in a `with` statement")
        return f"http://{ADDRESS}:{self._server.server_address[1]}"

    @property
    def requests(self) -> tuple[ModelRequest, ...]:
        """Every request so far, in the order of arrival."""
        return self._script.requests

    @property
    def turns(self) -> tuple[ModelRequest, ...]:
        """The requests that a turn of the script answered, in the order of arrival."""
        return tuple(request for request in self.requests if request.turn is not None)

    def wait_for(
        self, ready: Callable[[tuple[ModelRequest, ...]], bool], timeout: float = 60
    ) -> bool:
        """True once `ready(requests)` is; False when it was not within `timeout` seconds."""
        return self._script.wait_for(ready, timeout)

    def close(self) -> None:
        """Ends every connection, also those that hang. Does nothing when it is not running."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.end()
        self._server = self._thread = None


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = False  # so that server_close waits for them
    request_queue_size = 64

    def __init__(self, script: Script, models: tuple[str, ...]) -> None:
        self.script = script
        self.models = models
        self.closing = Event()
        self.errors: list[BaseException] = []
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((ADDRESS, 0), Handler)

    def end(self) -> None:
        """Ends all connections, then the server."""
        self.closing.set()
        with self._lock:
            for connection in self._open:
                _shut(connection)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begins a connection, on a thread of its own."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Ends a connection."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keeps what went wrong, for the end of the `with`."""
        error = sys.exception()
        if error is not None:
            self.errors.append(error)


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
