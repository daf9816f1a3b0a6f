"""The reference server, livekit-server 1.13.5, built once from the Go module proxy and kept outside the tree."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_tcp_port, free_udp_port
from tests.servers.sfu import SfuAddress, wait_for_http

MODULE = "github.com/livekit/livekit-server/cmd/server@v1.13.5"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "palaver" / "go-bin"
KEY, SECRET = "devkey", "a-secret-of-at-least-thirty-two-characters"
SKIP_REASON = "the reference server needs Go 1.26 to be built, which this machine lacks"


def binary() -> Path | None:
    """The server's binary, built at the first call (some minutes on two cores); None where there is no Go."""
    path = CACHE / "server"
    if path.exists():
        return path
    if (go := shutil.which("go")) is None:
        return None
    CACHE.mkdir(parents=True, exist_ok=True)
    built = subprocess.run([go, "install", MODULE], env=os.environ | {"GOBIN": str(CACHE)}, check=False, timeout=1500)
    return path if built.returncode == 0 else None


@contextmanager
def livekit_server(folder: Path, *, webhook_url: str | None = None, host: str = "127.0.0.1") -> Iterator[SfuAddress]:
    """Run the reference on free ports until the end of the block. Raises RuntimeError where it cannot be built.

    It listens at *host*, and is reached there.
    """
    program = binary()
    if program is None:
        raise RuntimeError(SKIP_REASON)
    port, media_port = free_tcp_port(), free_udp_port()
    lines = [
        f"port: {port}",
        # Reached from this machine too: pages get a camera without https from nowhere else.
        f"bind_addresses: {json.dumps(sorted({host, '127.0.0.1'}))}",
        "rtc:",
        f"  udp_port: {media_port}",
        f"  tcp_port: {free_tcp_port()}",
        "  use_external_ip: false",
        # The beeps of a browser under test are short: on a busy machine too few packets are loud for the default of 40.
        "audio:",
        "  min_percentile: 5",
        "keys:",
        f"  {KEY}: {SECRET}",
        "logging:",
        "  level: warn",
    ]
    if webhook_url is not None:
        lines += ["webhook:", f"  api_key: {KEY}", f"  urls: [{webhook_url}]"]
    config = folder / "livekit.yaml"
    config.write_text("\n".join(lines) + "\n")
    with (folder / "livekit.log").open("wb") as log:
        process = subprocess.Popen([program, "--config", str(config)], stdout=log, stderr=subprocess.STDOUT)
    try:
        address = f"http://{host}:{port}"
        wait_for_http(address, process, folder / "livekit.log")
        yield SfuAddress("livekit", address, KEY, SECRET, process.pid, media_port)
    finally:
        # Asked to stop, it would wait for everybody to leave; it holds nothing that outlives it.
        process.kill()
        process.wait(timeout=10)
