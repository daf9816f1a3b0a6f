"""A Redis of Debian's package, started in a folder of its own on a free port."""

import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.servers.ports import free_tcp_port

START_TIMEOUT_S = 10.0


def binary() -> str | None:
    """The server, or None where it is not installed."""
    return shutil.which("redis-server")


@dataclass(slots=True)
class RedisServer:
    """A server that can be stopped and started again on the same port. It keeps nothing: a restart forgets."""

    port: int = field(default_factory=free_tcp_port)
    password: str = "no-guests"
    _folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="palaver-redis-")))
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start, and wait until it answers."""
        program = binary()
        if program is None:
            raise RuntimeError("Redis is not installed: tools/apt_packages.sh test")
        command = [
            program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--requirepass", self.password, "--dir", str(self._folder),
        ]  # fmt: skip
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError("Redis did not start")

    def stop(self) -> None:
        """Gone, with all it knew."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(timeout=10)
            self._process = None

    def freeze(self) -> None:
        """It holds its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on where it was."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder)
