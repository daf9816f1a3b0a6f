"""The database as Django wants it told: SQLite in the data directory, or PostgreSQL."""

from typing import Any

from palaver.config.options import StoreSettings
from palaver.config.secret_files import DATABASE_FILE

_HANGS_AFTER_S = 4
BUSY_TIMEOUT_S = 10  # a writer waits for another instead of failing with "database is locked"


def _patience(store: StoreSettings) -> dict[str, str]:
    if store.redis_url is None:
        return {}
    # A process that hangs within a transaction holds its locks, and with them the runs that others are to take over.
    return {"options": f"-c idle_in_transaction_session_timeout={_HANGS_AFTER_S}s"}


def database(store: StoreSettings) -> dict[str, Any]:
    """Django's description of the database."""
    if store.database is not None:
        server = store.database
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": server.name,
            "HOST": server.host,
            "PORT": str(server.port),
            "USER": server.user,
            "PASSWORD": server.password,
            "OPTIONS": {"connect_timeout": 5, **_patience(store), **dict(server.options)},
        }
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(store.data_dir / DATABASE_FILE),
        "OPTIONS": {
            # IMMEDIATE takes the write lock at BEGIN: a transaction that reads first can then never deadlock.
            "transaction_mode": "IMMEDIATE",
            "timeout": BUSY_TIMEOUT_S,
            # NORMAL is safe against crashes of the process in WAL mode (sqlite.org/pragma.html#pragma_synchronous).
            # What is deleted is overwritten, so that it is not to be read from the file (see `deletions.py`).
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
            "PRAGMA secure_delete=ON;",
        },
    }
