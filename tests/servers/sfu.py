"""`palaver sfu --dev` as a process of its own: the SFU alone, for foreign clients and for benchmarks."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.palaver import ROOT
from tests.servers.ports import free_tcp_port, free_udp_ports


@dataclass(frozen=True, slots=True)
class SfuAddress:
    """Where a LiveKit-compatible server listens, and its keys."""

    name: str
    url: str
    api_key: str
    api_secret: str
    pid: int
    media_port: int

    @property
    def ws_url(self) -> str:
        return self.url.replace("http", "ws", 1)


@contextmanager
def palaver_sfu(
    folder: Path,
    *options: str,
    secret: str | None = None,
    media_threads: int = 1,
    ports: tuple[int, int] | None = None,
) -> Iterator[SfuAddress]:
    """Run `palaver sfu` until the end of the block: `--dev`, or with a secret as a public server has one.

    *ports* are those of its address and of its media where it takes the place of one that is gone.
    """
    port, media_port = ports or (free_tcp_port(), free_udp_ports(media_threads))
    keys = folder / "keys.yaml"
    if secret is not None:
        keys.write_text(f"devkey: {secret}\n")
        keys.chmod(0o600)
    command = [
        sys.executable, "-m", "palaver", "sfu", *(["--dev"] if secret is None else ["--keys-file", str(keys)]),
        "--host", "127.0.0.1", "--port", str(port), "--media-port", str(media_port),
        "--media-threads", str(media_threads), *options,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUNBUFFERED": "1"}
    address = f"http://127.0.0.1:{port}"
    with (folder / "sfu.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT, env=environment)
    try:
        wait_for_http(address, process, folder / "sfu.log")
        yield SfuAddress("palaver", address, "devkey", secret or "secret", process.pid, media_port)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(timeout=10)


def wait_for_http(url: str, process: subprocess.Popen[bytes], log: Path, *, timeout_s: float = 30.0) -> None:
    """Wait until *url* answers. Raises RuntimeError with the log when the process ends or the time is over."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise RuntimeError(f"no answer from {url}:\n{log.read_text(errors='replace')[-4000:]}")
