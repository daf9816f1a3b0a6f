"""The command as an operator runs it: in a process of its own."""

import os
import re
import resource
import signal
import socket
import ssl
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from palaver.site.authority import read_authority
from tests.servers.palaver import migrated

SOURCE = Path(__file__).parents[3]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PALAVER_", "DJANGO_"))}
    return {**kept, "PYTHONPATH": str(SOURCE), "PALAVER_DATA_DIR": str(data_dir), "PYTHONUNBUFFERED": "1", **more}


def palaver(data_dir: Path, *words: str, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "palaver", *words]
    return subprocess.run(
        command, env=environment(data_dir, **more), capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def past_dir(tmp_path: Path) -> Path:
    """The data directory of a server that has run before: half of a first start is making the database."""
    return migrated(tmp_path)


@contextmanager
def serving(data_dir: Path, *words: str, program: tuple[str, str] = ("-m", "palaver")) -> Iterator["Server"]:
    """A server that says that it is ready."""
    log = data_dir / "server.log"
    command = [sys.executable, *program, "serve", "--port", "0", "--media-port", "0", *words]
    with log.open("w") as out:
        process = subprocess.Popen(command, env=environment(data_dir), stdout=out, stderr=out)
    server = Server(process, log)
    try:
        deadline = time.monotonic() + 120
        while "Palaver is ready" not in server.text:
            assert process.poll() is None, server.text
            assert time.monotonic() < deadline, server.text
            time.sleep(0.05)
        yield server
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(timeout=10)


@dataclass(frozen=True, slots=True)
class Server:
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def text(self) -> str:
        """Everything that it has printed."""
        return self.log.read_text()

    @property
    def address(self) -> str:
        """The one address to open."""
        found = re.search(r"Open {2}(https?://\S+)/", self.text)
        assert found, self.text
        return found[1]

    @property
    def setup_path(self) -> str:
        """The first administrator's link."""
        found = re.search(rf"{self.address}(/setup/\S+)", self.text)
        assert found, self.text
        return found[1]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Ask it to stop; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(timeout=10)


@pytest.mark.parametrize(
    ("words", "variables", "line"),
    [
        ((), {"PALAVER_PROT": "80"}, "palaver: PALAVER_PROT is not a setting of Palaver"),
        (("--port", "http"), {}, "palaver: --port must be a port from 0 to 65535, not 'http'"),
        (("--tls-cert", "/nowhere"), {}, "palaver: --tls-cert cannot be read: No such file or directory ('/nowhere')"),
    ],
)
def test_an_impossible_setting_is_one_line_and_exit_code_2(
    tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], line: str
) -> None:
    run = palaver(tmp_path, "serve", *words, **variables)
    assert (run.returncode, run.stderr.strip(), run.stdout) == (2, line, "")


def test_management_commands_refuse_unknown_settings_too(tmp_path: Path) -> None:
    run = palaver(tmp_path, "manage", "check", PALAVER_PROT="80")
    assert (run.returncode, run.stderr.strip()) == (2, "palaver: PALAVER_PROT is not a setting of Palaver")


@pytest.mark.parametrize(
    "variables", [{"PALAVER_PUBLIC_URL": "https://meet.example.org"}, {"PALAVER_TLS_SELF_SIGNED": "yes"}]
)
def test_django_finds_nothing_to_warn_of_under_https(tmp_path: Path, variables: dict[str, str]) -> None:
    run = palaver(tmp_path, "manage", "check", "--deploy", "--fail-level", "WARNING", **variables)
    assert run.returncode == 0, run.stderr
    assert "no issues" in run.stdout


def test_without_https_django_warns(tmp_path: Path) -> None:
    run = palaver(tmp_path, "manage", "check", "--deploy", "--fail-level", "WARNING")
    assert run.returncode == 1
    assert {*re.findall(r"security\.(W\d+)", run.stderr)} == {"W004", "W008", "W012", "W016"}


def test_hsts_is_said_under_a_public_name_only(tmp_path: Path) -> None:
    code = "from django.conf import settings; print(settings.SECURE_HSTS_SECONDS)"
    for variables, seconds in (
        ({"PALAVER_PUBLIC_URL": "https://meet.example.org"}, 31_536_000),
        ({"PALAVER_PUBLIC_URL": "http://meet.example.org"}, 0),
        ({"PALAVER_TLS_SELF_SIGNED": "yes"}, 0),
    ):
        run = palaver(tmp_path, "manage", "shell", "--no-imports", "-c", code, **variables)
        assert run.stdout.strip() == str(seconds), run.stderr


def test_an_unknown_option_is_exit_code_2(tmp_path: Path) -> None:
    run = palaver(tmp_path, "serve", "--prot", "80")
    assert run.returncode == 2
    assert "--prot" in run.stderr


def test_a_port_in_use_is_one_line_that_names_it(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = palaver(tmp_path, "serve", "--port", str(port))
    assert run.returncode == 3
    assert run.stderr.strip() == f"palaver: --port {port}: cannot listen on 127.0.0.1: Address already in use"


def test_a_media_port_in_use_is_one_line_that_names_it(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("0.0.0.0", 0))
        port = taken.getsockname()[1]
        run = palaver(tmp_path, "serve", "--port", "0", "--media-port", str(port), "--media-address", "127.0.0.1")
    assert run.returncode == 3
    assert run.stderr.strip().startswith(f"palaver: --media-port: cannot use UDP port {port}")
    assert "\n" not in run.stderr.strip()


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    url = f"postgres://ada:hunter2@127.0.0.1:{port}/palaver"
    run = palaver(tmp_path, "serve", "--port", "0", "--media-port", "0", DATABASE_URL=url)
    assert run.returncode == 3
    assert run.stderr.startswith("palaver: DATABASE_URL: the database cannot be used: ")
    assert "hunter2" not in run.stderr
    assert "Traceback" not in run.stderr


def test_secrets_that_others_can_read_stop_the_start(tmp_path: Path) -> None:
    palaver(tmp_path, "manage", "check")
    (tmp_path / "secrets.json").chmod(0o644)
    run = palaver(tmp_path, "serve", "--port", "0", "--media-port", "0")
    assert run.returncode == 2
    assert "can be read by others; run: chmod 600" in run.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_says_where_it_is_and_stops_in_time_with_exit_code_0(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as server:
        setup_path = server.setup_path
        with urllib.request.urlopen(f"{server.address}/health/ready", timeout=5) as answer:
            assert answer.status == 200
        with urllib.request.urlopen(f"{server.address}{setup_path}", timeout=5) as answer:
            assert "Make this place yours" in answer.read().decode()
        started = time.monotonic()
        assert server.stop(number) == 0, server.text
        assert time.monotonic() - started < 5
        assert "Traceback" not in server.text
        assert server.text.count(setup_path) == 1, "it stands in the greeting and in no log line"
        assert "GET /setup/[hidden]" in server.text


def test_everything_that_a_running_server_keeps_is_for_its_owner_only(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with serving(tmp_path, "--tls-self-signed") as server:
        trusting = ssl.create_default_context(cafile=str(tmp_path / "tls" / "authority.crt"))
        with urllib.request.urlopen(f"{server.address}/", timeout=5, context=trusting):
            pass
        kept = {path.relative_to(tmp_path): stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
        del kept[server.log.relative_to(tmp_path)]
        assert {Path("palaver.sqlite3"), Path("secrets.json"), Path("tls/server.key")} <= {*kept}
        assert stat.S_IMODE(tmp_path.stat().st_mode) == kept.pop(Path("tls")) == 0o700
        assert set(kept.values()) == {0o600}, kept
        assert server.stop() == 0


def test_a_request_that_never_ends_does_not_keep_a_server_that_is_told_to_stop(past_dir: Path) -> None:
    with serving(past_dir) as server:
        port = int(server.address.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as half_a_request:
            half_a_request.sendall(b"POST /contact/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
            started = time.monotonic()
            assert server.stop() == 0
            assert time.monotonic() - started < 5


def test_a_server_that_has_stopped_is_not_taken_apart_but_says_all_it_has_to(past_dir: Path) -> None:
    """What the interpreter does at its end cannot be bounded; what a program registered for its end is done."""
    program = (
        "import atexit, os, sys\n"
        "class Large:\n"
        "    def __del__(self, write=os.write): write(2, b'taken apart\\n')\n"
        "sys.large = Large()\n"
        "atexit.register(print, 'the very last line', end='')\n"
        "from palaver.config.cli import main\n"
        "raise SystemExit(main())"
    )
    with serving(past_dir, program=("-c", program)) as server:
        assert server.stop() == 0
        assert "taken apart" not in server.text
        assert server.text.endswith("the very last line")


def test_a_second_start_is_quick_and_prints_another_link(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        link = first.setup_path
        assert first.stop() == 0
    before_s = processor_s()
    with serving(tmp_path) as second:
        assert second.setup_path != link
        assert second.stop() == 0
    # Of the processor, which a busy machine does not change, and with the stop: the promise is 5 s on the wall.
    assert processor_s() - before_s < 5


def processor_s() -> float:
    """What the processes that were started and have ended took of the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_request_lines_of_60_kb_reach_their_page(past_dir: Path) -> None:
    with serving(past_dir) as server:
        with urllib.request.urlopen(f"{server.address}/about/?x={'x' * 60_000}", timeout=5) as answer:
            assert answer.status == 200
        assert server.stop() == 0


@pytest.mark.parametrize(("proxy", "is_believed"), [("127.0.0.0/8", True), ("192.0.2.1", False)])
def test_only_a_trusted_proxy_says_where_a_request_comes_from(past_dir: Path, proxy: str, is_believed: bool) -> None:
    told = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    with serving(past_dir, "--trusted-proxy", proxy) as server:
        request = urllib.request.Request(f"{server.address}/about/", headers=told)
        with urllib.request.urlopen(request, timeout=5) as answer:
            assert ("wss://" in answer.headers["Content-Security-Policy"]) is is_believed
        assert server.stop() == 0
        assert ("203.0.113.9" in server.text) is is_believed


def test_https_with_a_certificate_of_our_own_shows_where_to_trust_it(past_dir: Path) -> None:
    with serving(past_dir, "--tls-self-signed", "--host", "0.0.0.0") as server:
        assert server.address.startswith("https://localhost:")
        assert re.search(r"https://\S+/trust/", server.text)
        authority = read_authority(past_dir / "tls" / "authority.crt")
        assert authority is not None
        assert authority.sha256 in re.sub(r"\s", "", server.text)
        trusting = ssl.create_default_context(cafile=str(past_dir / "tls" / "authority.crt"))
        with urllib.request.urlopen(f"{server.address}/", timeout=5, context=trusting) as answer:
            assert "Come and sit under the tree." in answer.read().decode()
            assert "Secure" in answer.headers["Set-Cookie"]
        assert server.stop() == 0


def test_the_media_server_alone_never_loads_django(tmp_path: Path) -> None:
    code = (
        "import sys; from palaver.config import cli\n"
        "try: cli.main(['sfu', '--help'])\n"
        "except SystemExit: pass\n"
        "print('django' in sys.modules)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, timeout=60, check=True
    )
    assert run.stdout.splitlines()[-1] == "False"
