"""A TCP proxy in front of a server that can cut, by path, the connections that run through it.

`cut("/rtc")` closes every connection whose request began with that path and refuses new ones until `mend()`: what a
person meets whose network loses one socket but not the other. Media over UDP does not pass through here.
"""

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from typing import Self

CHUNK_BYTES = 65_536


@dataclass(slots=True)
class _Connection:
    path: str
    ends: tuple[socket.socket, socket.socket]

    def close(self) -> None:
        for end in self.ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@dataclass(slots=True)
class WireCutter:
    """Forwards `port` to `upstream_port`, both on the loopback interface. Use it as a context manager."""

    upstream_port: int
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _connections: list[_Connection] = field(default_factory=list)
    _cut_paths: tuple[str, ...] = ()
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self, *paths: str) -> int:
        """Close what runs under *paths* and refuse more; returns how many connections were cut."""
        with self._lock:
            self._cut_paths = paths
            doomed = [connection for connection in self._connections if connection.path.startswith(paths)]
        for connection in doomed:
            connection.close()
        return len(doomed)

    def mend(self) -> None:
        self._cut_paths = ()

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        for connection in list(self._connections):
            connection.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            head = client.recv(CHUNK_BYTES)
            words = head.split(b" ", 2)
            path = words[1].decode("latin-1") if len(words) > 1 else ""
            if not head or (self._cut_paths and path.startswith(self._cut_paths)):
                client.close()
                return
            server = socket.create_connection(("127.0.0.1", self.upstream_port), timeout=10)
            server.settimeout(None)
            connection = _Connection(path, (client, server))
            with self._lock:
                self._connections.append(connection)
            server.sendall(head)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join()
            with self._lock:
                self._connections.remove(connection)
            connection.close()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy until either end closes, then close the other half."""
    with contextlib.suppress(OSError):
        while chunk := source.recv(CHUNK_BYTES):
            sink.sendall(chunk)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
