"""Every test that touches the database passes on PostgreSQL as it does on SQLite."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.postgresql import binaries, postgresql

ROOT = Path(__file__).parents[2]


@pytest.mark.early
@pytest.mark.timeout(600)
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (tools/apt_packages.sh test)")
def test_the_database_tests_pass_on_postgresql(tmp_path: Path) -> None:
    with postgresql() as url:
        # The server goes with its databases, so none needs to be dropped under a thread that still holds it.
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "django_db", "--reuse-db", "src/palaver"]
        environment = os.environ | {"DATABASE_URL": url, "PALAVER_DATA_DIR": str(tmp_path / "var")}
        run = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=540, check=False
        )
        assert run.returncode == 0, run.stdout[-6000:]
        assert "passed" in run.stdout
