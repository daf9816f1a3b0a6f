"""A PostgreSQL of Debian's package, started in a folder of its own on a free port."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.ports import free_tcp_port


def binaries() -> Path | None:
    """The folder with `initdb` and `pg_ctl` of the newest installed PostgreSQL, or None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def postgresql() -> Iterator[str]:
    """Start a server in a folder of its own; yields its DATABASE_URL and stops it at the end.

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
    data, port = folder / "data", free_tcp_port()

    def run(*words: str) -> None:
        command = [*as_owner, *words]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60)

    run(str(bin_dir / "initdb"), "-D", str(data), "-U", "palaver", "--auth=trust", "--no-sync", "--encoding=UTF8")
    options = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
    run(str(bin_dir / "pg_ctl"), "-D", str(data), "-o", options, "-w", "-l", str(folder / "log"), "start")
    try:
        run(str(bin_dir / "createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "palaver", "palaver")
        yield f"postgresql://palaver@127.0.0.1:{port}/palaver"
    finally:
        run(str(bin_dir / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")
        shutil.rmtree(folder)
