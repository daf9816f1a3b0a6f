"""What touches the database passes on PostgreSQL as it does on SQLite: stores always, and everything in the proof."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.postgresql import binaries, postgresql

ROOT = Path(__file__).parents[2]
# These ask the database nothing that the tests of the stores do not: pages, mails, pictures, passwords and uploads,
# which take half of the time. Named is what is left out, so that what is new runs here until somebody says otherwise.
OF_THE_PROOF = (
    "accounts/tests/test_address_check.py", "accounts/tests/test_avatars.py", "accounts/tests/test_enumeration.py",
    "accounts/tests/test_mailed_links.py", "accounts/tests/test_password_reset.py", "accounts/tests/test_profile.py",
    "accounts/tests/test_sign_in.py", "config/tests/test_pages.py", "config/tests/test_trust_page.py",
    "config/tests/test_url_crawl.py", "files/tests/test_downloads.py", "files/tests/test_hostile_files.py",
    "files/tests/test_interruptions.py", "files/tests/test_tus.py", "meetings/tests/test_access_matrix.py",
    "meetings/tests/test_manage_pages.py", "meetings/tests/test_pages.py", "meetings/tests/test_passwords.py",
    "site/tests",
)  # fmt: skip


@pytest.mark.early
@pytest.mark.timeout(600)
@pytest.mark.skipif(binaries() is None, reason="PostgreSQL is not installed (tools/apt_packages.sh test)")
@pytest.mark.parametrize(
    "left_out",
    [pytest.param(OF_THE_PROOF, id="stores"), pytest.param((), id="everything", marks=pytest.mark.proof)],
)
def test_the_database_tests_pass_on_postgresql(tmp_path: Path, left_out: tuple[str, ...]) -> None:
    ignored = []
    for name in left_out:
        assert (ROOT / "src/palaver" / name).exists(), name
        ignored += ["--ignore", f"src/palaver/{name}"]
    with postgresql() as url:
        # The server goes with its databases, so none needs to be dropped under a thread that still holds it.
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-m", "django_db and not proof", "--reuse-db"]
        environment = os.environ | {"DATABASE_URL": url, "PALAVER_DATA_DIR": str(tmp_path / "var")}
        run = subprocess.run(
            [*command, *ignored, "src/palaver"],
            cwd=ROOT, env=environment, capture_output=True, text=True, timeout=540, check=False,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout[-6000:]
        assert "passed" in run.stdout
