"""What was deleted is gone from SQLite's files too, not only from its tables.

`secure_delete` (in `databases.py`) overwrites it in its pages; the write-ahead log keeps older pages until it is
emptied.
"""

from django.db import connection

from palaver.config.databases import BUSY_TIMEOUT_S


def settle_deletions() -> bool:
    """Empty the write-ahead log into the database file. PostgreSQL looks after itself.

    Returns whether that was done. It is not while somebody reads or writes, and nobody is made to wait for it: the
    caller tries again later.
    """
    if connection.vendor != "sqlite":
        return True
    with connection.cursor() as cursor:
        # The checkpoint would hold the write lock while it waits for readers.
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            is_busy, *_pages = cursor.fetchone()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_S * 1000}")
    return not is_busy
