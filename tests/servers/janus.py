"""Janus 1.1.2 of Debian, with its VideoRoom and nothing else: a second server to be measured against."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from palaver_sfu.adapters.addresses import local_addresses
from tests.servers.ports import free_tcp_port
from tests.servers.sfu import SfuAddress

SKIP_REASON = "Janus is not installed here (apt-get install janus), or there is no network but the loopback"
PARTS = Path("/usr/lib/x86_64-linux-gnu/janus")
ROOM_PLUGIN, SOCKET_TRANSPORT = "libjanus_videoroom.so", "libjanus_websockets.so"
START_S = 20.0


def media_address() -> str | None:
    """Where it sends and receives media: it leaves the loopback out."""
    return next((address for address in local_addresses() if ":" not in address), None)


def binary() -> str | None:
    return shutil.which("janus") if PARTS.is_dir() and media_address() is not None else None


@contextmanager
def janus_server(folder: Path) -> Iterator[SfuAddress]:
    """Run Janus on a free port of the loopback until the end of the block. Raises RuntimeError where there is none."""
    program = binary()
    if program is None:
        raise RuntimeError(SKIP_REASON)
    port, settings = free_tcp_port(), folder / "janus"
    settings.mkdir()
    (settings / "janus.jcfg").write_text(_main_settings(settings))
    (settings / "janus.transport.websockets.jcfg").write_text(
        f'general: {{ ws = true\n ws_port = {port}\n ws_interface = "lo"\n json = "compact" }}\n'
    )
    (settings / "janus.plugin.videoroom.jcfg").write_text("general: { }\n")
    command = [program, "-F", str(settings), "-C", str(settings / "janus.jcfg"), "-o"]
    with (folder / "janus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(port, process, folder / "janus.log")
        yield SfuAddress("janus", f"http://127.0.0.1:{port}", "", "", process.pid, 0)
    finally:
        process.kill()
        process.wait(timeout=10)


def _main_settings(settings: Path) -> str:
    """Everything off but what is measured. Without loops for its packets it has a thread for each connection."""

    def others(kind: str, wanted: str) -> str:
        return ",".join(sorted(path.name for path in (PARTS / kind).glob("*.so") if path.name != wanted))

    return f"""\
general: {{
  configs_folder = "{settings}"
  plugins_folder = "{PARTS}/plugins"
  transports_folder = "{PARTS}/transports"
  events_folder = "{settings}/none"
  loggers_folder = "{settings}/none"
  debug_level = 2
  session_timeout = 0
  event_loops = {os.cpu_count() or 1}
}}
nat: {{
  ice_enforce_list = "{media_address()}"
}}
plugins: {{ disable = "{others("plugins", ROOM_PLUGIN)}" }}
transports: {{ disable = "{others("transports", SOCKET_TRANSPORT)}" }}
"""


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"Janus does not listen:\n{log.read_text(errors='replace')[-2000:]}")
