"""One connection to the model server: read a request, find its turn, send it."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import Any, Protocol, cast

from interlock.engine.errors import InvalidInput
from interlock.testing.request import ModelRequest, record
from interlock.testing.routes import Route, count_tokens, list_models, route
from interlock.testing.script import Script
from interlock.testing.sse import compact
from interlock.testing.turn import Turn

MAX_BODY = 256 * 1024 * 1024  # bytes
OVERDUE = 600  # seconds of silence after which a client is gone


class Stage(Protocol):
    """What a handler needs of its server."""

    script: Script
    models: tuple[str, ...]
    closing: Event


class Handler(BaseHTTPRequestHandler):
    """Speaks HTTP/1.1, a stream in chunks, so that a cut one can be told from a whole one."""

    protocol_version = "HTTP/1.1"
    server_version = "interlock-model-server"
    sys_version = ""
    timeout = OVERDUE
    disable_nagle_algorithm = True

    @property
    def stage(self) -> Stage:
        """The server of this connection."""
        return cast("Stage", self.server)

    def handle(self) -> None:
        """Serves until either side ends the connection."""
        try:
            super().handle()
        except OSError:  # the client has gone, or the server is ending
            self.close_connection = True

    def do_GET(self) -> None:
        """Answers any request, whatever its method."""
        try:
            body = self._read_body()
        except ValueError as error:
            self.close_connection = True
            self._send_json(HTTPStatus.BAD_REQUEST, {"error": {"message": str(error)}})
            return
        request = record(self.command, self.path, dict(self.headers.items()), body)
        place = self.stage.script.add(request)
        self._answer(request, place)

    do_POST = do_HEAD = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the requests are kept, and a test's output is its own."""

    def _answer(self, request: ModelRequest, place: int) -> None:
        found = route(request)
        if found is None:
            models = list_models(request, self.stage.models)
            missing = {"error": {"message": f"no model server answers {request.path}"}}
            status = HTTPStatus.OK if models else HTTPStatus.NOT_FOUND
            self._send_json(status, models or missing, place=place)
        elif found.kind == "count":
            self._send_json(HTTPStatus.OK, count_tokens(request), place=place)
        elif not isinstance(request.body, dict):
            self._refuse(found, Turn.error(400, "the body is not a JSON object"), place)
        else:
            self._say(found, self.stage.script.next_turn(place), request, place)

    def _say(self, found: Route, turn: Turn, request: ModelRequest, place: int) -> None:
        if turn.delay and self.stage.closing.wait(turn.delay):
            self.close_connection = True
            return
        if turn.is_error:
            self._refuse(found, turn, place)
            return
        model = turn.model or request.model
        try:
            if found.kind == "stream":
                parts = list(found.vendor.stream(turn, model))
            else:
                parts = [compact(found.vendor.answer(turn, model)).encode()]
        except InvalidInput as error:
            self._refuse(found, Turn.error(400, str(error)), place)
            return
        self._send(found, turn, b"".join(parts), place)

    def _send(self, found: Route, turn: Turn, whole: bytes, place: int) -> None:
        streamed = found.kind == "stream"
        kind = "text/event-stream; charset=utf-8" if streamed else "application/json"
        self._start(HTTPStatus.OK, {"Content-Type": kind, "Transfer-Encoding": "chunked"})
        self.stage.script.mark(place, HTTPStatus.OK)
        middle = len(whole) // 2 if turn.broken or turn.pause else 0
        self._send_chunk(whole[:middle])
        if turn.broken or (turn.pause and self.stage.closing.wait(turn.pause)):
            self.close_connection = True  # and no last chunk: the client can tell
            return
        self._send_chunk(whole[middle:])
        self.wfile.write(b"0\r\n\r\n")

    def _send_chunk(self, data: bytes) -> None:
        if data:
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

    def _refuse(self, found: Route, turn: Turn, place: int) -> None:
        status, body = found.vendor.refuse(turn)
        wait = {} if turn.retry_after is None else {"Retry-After": str(turn.retry_after)}
        self._send_json(status, body, wait, place=place)

    def _send_json(
        self, status: int, body: Any, headers: Mapping[str, str] | None = None, *, place: int = -1
    ) -> None:
        data = compact(body).encode()
        kind = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        self._start(status, {**kind, **(headers or {})})
        if place >= 0:
            self.stage.script.mark(place, status)
        if self.command != "HEAD":
            self.wfile.write(data)

    def _start(self, status: int, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _read_body(self) -> bytes:
        """The body, unpacked. Raises ValueError when it cannot be read."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            data = self._read_chunks()
        else:
            length = int(self.headers.get("Content-Length") or 0)
            if not 0 <= length <= MAX_BODY:
                raise ValueError(f"a body has at most {MAX_BODY} bytes")
            data = self.rfile.read(length)
        packing = self.headers.get("Content-Encoding", "identity").lower()
        if packing == "gzip":
            return gzip.decompress(data)
        if packing != "identity":
            raise ValueError(f"a body packed with {packing} cannot be read")
        return data

    def _read_chunks(self) -> bytes:
        data = bytearray()
        while size := int(self.rfile.readline(64).partition(b";")[0], 16):
            if len(data) + size > MAX_BODY:
                raise ValueError(f"a body has at most {MAX_BODY} bytes")
            data += self.rfile.read(size)
            self.rfile.readline(8)
        while self.rfile.readline(8192).strip():  # trailers
            continue
        return bytes(data)
