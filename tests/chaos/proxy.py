"""A wire between clients and a server, which can be cut at any moment."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

Cut = Literal["before", "after", "never"]
"""When a connection is cut: before the server gets what the client sent, or after it has, so that
the client never gets the answer."""

CHUNK = 65536


class Proxy:
    """Listens at an address and passes all on to a server's socket. `judge` is asked about
    everything that a client sends."""

    def __init__(self, server: str, judge: Callable[[bytes], Cut], host: str = "127.0.0.1") -> None:
        self._server = server
        self._judge = judge
        self._listening = socket.create_server((host, 0))
        self._open: set[socket.socket] = set()
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listening.getsockname()[1])

    def close(self) -> None:
        """Let nobody in any more, and cut every connection."""
        self._listening.close()
        for one in [*self._open]:
            self._end(one)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                self._open |= {client, server}
                threading.Thread(target=self._carry, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while sent := client.recv(CHUNK):
                cut = self._judge(sent)
                if cut == "before":
                    break
                if cut == "after":
                    self._end(client)  # what the server answers reaches nobody
                    self.cuts += 1
                    server.sendall(sent)
                    server.recv(CHUNK)
                    self._end(server)
                    return
                server.sendall(sent)
        self.cuts += 1
        self._end(client)
        self._end(server)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while told := server.recv(CHUNK):
                client.sendall(told)
        self._end(client)
        self._end(server)

    def _end(self, one: socket.socket) -> None:
        self._open.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
