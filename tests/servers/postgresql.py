"""A PostgreSQL of Debian's package, started in a folder of its own on a free port."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_tcp_port


def binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl` of the newest installed PostgreSQL, or None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@dataclass(slots=True)
class PostgresqlServer:
    """A running server, which can be stopped as by a crash and started again with what it had written."""

    folder: Path
    port: int
    _bin_dir: Path
    _as_owner: list[str]

    @property
    def url(self) -> str:
        return f"postgresql://palaver@127.0.0.1:{self.port}/palaver"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c fsync=off -c listen_addresses=127.0.0.1"
        self.run(
            "pg_ctl", "-D", str(self.folder / "data"), "-o", options, "-w", "-l", str(self.folder / "log"), "start"
        )

    def stop(self) -> None:
        if (self.folder / "data" / "postmaster.pid").exists():
            self.run("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")

    def run(self, program: str, *words: str) -> None:
        """One of its programs, to the end."""
        command = [*self._as_owner, str(self._bin_dir / program), *words]
        subprocess.run(command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, timeout=60)


@contextmanager
def postgresql_server() -> Iterator[PostgresqlServer]:
    """Start a server in a folder of its own, and stop it at the end.

    PostgreSQL refuses to run as root, so root hands the folder to the account that Debian's package makes. Folders of
    pytest would not do: it closes them to other accounts.
    """
    bin_dir = binaries()
    if bin_dir is None:
        raise RuntimeError("PostgreSQL is not installed: tools/apt_packages.sh test")
    folder = Path(tempfile.mkdtemp(prefix="palaver-postgresql-"))
    as_owner: list[str] = []
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        os.chown(folder, account.pw_uid, account.pw_gid)
        as_owner = [shutil.which("runuser") or "runuser", "-u", "postgres", "--"]
    server = PostgresqlServer(folder, free_tcp_port(), bin_dir, as_owner)
    server.run("initdb", "-D", str(folder / "data"), "-U", "palaver", "--auth=trust", "--no-sync", "--encoding=UTF8")
    server.start()
    try:
        server.run("createdb", "-h", "127.0.0.1", "-p", str(server.port), "-U", "palaver", "palaver")
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


@contextmanager
def postgresql() -> Iterator[str]:
    """The DATABASE_URL of a server that runs until the end of the block."""
    with postgresql_server() as server:
        yield server.url
