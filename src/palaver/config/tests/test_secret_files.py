import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from palaver.config.secret_files import InsecureFileError, load_secrets, make_private_file, write_private


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_first_start_makes_secrets_that_only_the_owner_reads(tmp_path: Path) -> None:
    made = load_secrets(tmp_path / "var")
    assert mode(tmp_path / "var") == 0o700
    assert mode(tmp_path / "var" / "secrets.json") == 0o600
    assert len(made.django_key) >= 50
    assert len(made.sfu_api_secret) >= 50
    assert {path.name for path in (tmp_path / "var").iterdir()} == {"secrets.json"}


def test_a_folder_and_a_database_that_others_could_read_are_taken_from_them(tmp_path: Path) -> None:
    folder = tmp_path / "var"
    folder.mkdir(mode=0o755)
    for name in ("palaver.sqlite3", "palaver.sqlite3-wal", "palaver.sqlite3-shm"):
        (folder / name).write_bytes(b"")
        (folder / name).chmod(0o644)
    load_secrets(folder)
    assert mode(folder) == 0o700
    assert {mode(path) for path in folder.iterdir()} == {0o600}


def test_a_folder_that_all_share_stays_shared(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    load_secrets(tmp_path)
    assert mode(tmp_path) == 0o1777
    assert mode(tmp_path / "secrets.json") == 0o600


def test_what_sqlite_makes_is_readable_by_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make_private_file(tmp_path / "palaver.sqlite3")
        with closing(sqlite3.connect(tmp_path / "palaver.sqlite3")) as database:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("CREATE TABLE things (name)")
            names = {path.name: mode(path) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert names == dict.fromkeys(["palaver.sqlite3", "palaver.sqlite3-wal", "palaver.sqlite3-shm"], 0o600)


def test_later_starts_read_the_same(tmp_path: Path) -> None:
    assert load_secrets(tmp_path) == load_secrets(tmp_path)


def test_two_installations_share_nothing(tmp_path: Path) -> None:
    one, other = load_secrets(tmp_path / "one"), load_secrets(tmp_path / "other")
    assert one.django_key != other.django_key
    assert one.sfu_api_secret != other.sfu_api_secret


def test_two_first_starts_at_once_agree(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: load_secrets(tmp_path), range(16)))
    assert all(secrets == made[0] for secrets in made)


def test_secrets_that_others_can_read_stop_the_start(tmp_path: Path) -> None:
    load_secrets(tmp_path)
    (tmp_path / "secrets.json").chmod(0o640)
    with pytest.raises(InsecureFileError, match="chmod 600"):
        load_secrets(tmp_path)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"django_key": 1, "sfu_api_key": "k", "sfu_api_secret": "s"}'])
def test_a_damaged_file_stops_the_start_and_is_not_replaced(tmp_path: Path, content: str) -> None:
    load_secrets(tmp_path)
    write_private(tmp_path / "secrets.json", content.encode())
    with pytest.raises(InsecureFileError, match="damaged"):
        load_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == content


def test_secrets_do_not_show_in_a_traceback_or_a_log(tmp_path: Path) -> None:
    made = load_secrets(tmp_path)
    assert made.django_key not in repr(made)
