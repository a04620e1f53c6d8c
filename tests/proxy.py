"""A wire between clients and a PostgreSQL server, which can be cut at any moment."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Literal
from urllib.parse import urlencode

from psycopg.conninfo import conninfo_to_dict

Cut = Literal["before", "after", "never"]
"""When a connection is cut: before the server gets what the client sent, or after it has, so that
the client never gets the answer."""

CHUNK = 65536


def is_commit(sent: bytes) -> bool:
    """True of the message in which a client commits."""
    return sent.startswith(b"Q") and b"COMMIT" in sent


class Proxy:
    """Listens at an address of this machine and passes all on to the server of a URL. `judge` is
    asked about everything that a client sends."""

    def __init__(
        self,
        url: str,
        judge: Callable[[bytes], Cut] = lambda sent: "never",
        host: str = "127.0.0.1",
    ) -> None:
        self._server = conninfo_to_dict(url)
        self._judge = judge
        self._listening = socket.create_server((host, 0))
        self._open: set[socket.socket] = set()
        self._is_away = False
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the same database over this wire."""
        told = {name: value for name, value in self._server.items() if value not in (None, "")}
        host, port = self._listening.getsockname()
        wire = {"host": host, "port": port, "sslmode": "disable"}
        return f"postgresql:///{told.pop('dbname')}?{urlencode({**told, **wire})}"

    def leave(self) -> None:
        """Cut every connection, also each that is made before it comes back."""
        self._is_away = True
        for one in [*self._open]:
            self._end(one)

    def come_back(self) -> None:
        """Pass on again what new connections say."""
        self._is_away = False

    def close(self) -> None:
        """Let nobody in any more, and cut every connection."""
        self.leave()
        self._end(self._listening)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if self._is_away:
                    self._end(client)
                    continue
                server = self._reach()
                self._open |= {client, server}
                both = (client, server, threading.Event())
                threading.Thread(target=self._carry, args=both, daemon=True).start()
                threading.Thread(target=self._answer, args=both, daemon=True).start()

    def _reach(self) -> socket.socket:
        host, port = str(self._server["host"]), int(self._server.get("port") or 5432)
        if not host.startswith("/"):
            return socket.create_connection((host, port))
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(Path(host) / f".s.PGSQL.{port}"))
        return server

    def _carry(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        with suppress(OSError):
            while sent := client.recv(CHUNK):
                cut = self._judge(sent)
                if cut == "before":
                    break
                if cut == "after":
                    last.set()
                server.sendall(sent)
        self._end(client)
        self._end(server)

    def _answer(self, client: socket.socket, server: socket.socket, last: threading.Event) -> None:
        with suppress(OSError):
            # Once it is the last, what the server answers reaches nobody.
            while (told := server.recv(CHUNK)) and not last.is_set():
                client.sendall(told)
        self._end(client)
        self._end(server)

    def _end(self, one: socket.socket) -> None:
        self._open.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
