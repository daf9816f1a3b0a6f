"""`palaver serve` as a user starts it: a process of its own, with a data directory of its own, on free ports."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

from tests.servers.ports import free_tcp_port, free_udp_port

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0


def _nobodys_environment() -> dict[str, str]:
    """The environment without settings of the person who runs the tests."""
    ours = ("PALAVER_", "DJANGO_", "PYTHON", "DATABASE_URL", "REDIS_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


@cache
def _empty_database() -> bytes:
    with tempfile.TemporaryDirectory(prefix="palaver-migrated-") as folder:
        subprocess.run(
            [sys.executable, "-m", "palaver", "manage", "migrate", "--verbosity", "0"],
            env=_nobodys_environment() | {"PYTHONPATH": str(ROOT / "src"), "PALAVER_DATA_DIR": folder},
            check=True,
            timeout=START_TIMEOUT_S,
        )
        return (Path(folder) / "palaver.sqlite3").read_bytes()


def migrated(data_dir: Path) -> Path:
    """Make a data directory whose empty database needs no migration any more; they take two thirds of a start."""
    data_dir.mkdir(parents=True, mode=0o700, exist_ok=True)
    database = data_dir / "palaver.sqlite3"
    database.touch(mode=0o600)
    database.write_bytes(_empty_database())
    return data_dir


@dataclass(slots=True)
class PalaverServer:
    """One server whose address and data outlive a kill and a new start.

    Use it as a context manager. `log` is everything that the process printed so far.
    """

    data_dir: Path
    options: tuple[str, ...] = ()
    environment: dict[str, str] = field(default_factory=dict)
    # The interpreter that runs it: this checkout's by default, or one into which a wheel was installed.
    python: str = sys.executable
    from_source: bool = True
    port: int = field(default_factory=free_tcp_port)
    media_port: int = field(default_factory=free_udp_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"{'https' if self.is_https else 'http'}://127.0.0.1:{self.port}"

    @property
    def is_https(self) -> bool:
        return "--tls-self-signed" in self.options

    @property
    def log_path(self) -> Path:
        return self.data_dir / "server.log"

    @property
    def log(self) -> str:
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not running"
        return self._process.pid

    @property
    def pids(self) -> tuple[int, ...]:
        return (self.pid,)

    def start(self) -> None:
        """Start the process and wait until it says that it is ready. Raises RuntimeError with its output otherwise."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        command = [
            self.python, "-m", "palaver", "serve", "--port", str(self.port),
            "--media-port", str(self.media_port), "--data-dir", str(self.data_dir), *self.options,
        ]  # fmt: skip
        with self.log_path.open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self.data_dir, stdout=log, stderr=subprocess.STDOUT,
                env=self._environment(),
            )  # fmt: skip
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            assert self._process is not None
            if (code := self._process.poll()) is not None:
                raise RuntimeError(f"palaver serve ended with {code}:\n{self.log[-4000:]}")
            try:
                with urllib.request.urlopen(f"{self.url}/health/ready", timeout=2, context=self._trust()) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"palaver serve was not ready after {START_TIMEOUT_S} s:\n{self.log[-4000:]}")

    def _trust(self) -> ssl.SSLContext | None:
        """Trust in the server's own authority, and in no other. Raises OSError before the authority is made."""
        return (
            ssl.create_default_context(cafile=str(self.data_dir / "tls" / "authority.crt")) if self.is_https else None
        )

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None, "the server is not running"
        self._process.send_signal(number)

    def kill(self) -> None:
        """End the process as a crash would: no time for anything."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(timeout=10)
        self._process = None

    def stop(self) -> int:
        """Ask the process to stop as an operator would; returns its exit code."""
        if self._process is None:
            return 0
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(timeout=10)
            raise
        finally:
            self._process = None

    def manage(self, *words: str, stdin: str | None = None) -> str:
        """Run `palaver manage …` on this server's data; returns what it printed."""
        command = [self.python, "-m", "palaver", "manage", *words]
        environment = self._environment() | {"PALAVER_DATA_DIR": str(self.data_dir)}
        return subprocess.run(
            command,
            env=environment,
            cwd=self.data_dir,
            input=stdin,
            check=True,
            capture_output=True,
            text=True,
            timeout=60,
        ).stdout

    def _environment(self) -> dict[str, str]:
        source = {"PYTHONPATH": str(ROOT / "src")} if self.from_source else {}
        return _nobodys_environment() | source | {"PYTHONUNBUFFERED": "1"} | self.environment

    def setup_link(self) -> str:
        """The one-time link for the first administrator, as the start-up text prints it."""
        found = re.search(r"https?://\S+/setup/\S+", self.log)
        assert found, f"no set-up link in:\n{self.log}"
        return found.group()

    def sfu_keys(self) -> tuple[str, str]:
        """The API key and secret of the embedded SFU, from the data directory."""
        secrets = json.loads((self.data_dir / "secrets.json").read_text())
        return secrets["sfu_api_key"], secrets["sfu_api_secret"]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(timeout=10)
            self._process = None
