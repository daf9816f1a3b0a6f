"""Failures that pass: for a while, what is kept cannot be read or written. Whoever asks is told to come again."""

import errno
import sqlite3
from typing import Final

from django.db import InterfaceError, InternalError, OperationalError

RETRY_AFTER_S: Final = 5
"""When it makes sense to ask again."""

_NO_ROOM: Final = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
# PostgreSQL says so while its place is taken by another server.
_READ_ONLY_SQLSTATE: Final = "25006"
_PRIMARY_CODE: Final = 0xFF


def is_outage(problem: BaseException | None) -> bool:
    """Whether the database is away, locked or full, or the disk is; anything else is a fault of ours."""
    match problem:
        case OperationalError():
            # SQLite says the same of a statement that is wrong.
            code = getattr(problem.__cause__, "sqlite_errorcode", None)
            return code is None or code & _PRIMARY_CODE != sqlite3.SQLITE_ERROR
        case InterfaceError():
            return True
        case InternalError():
            return getattr(problem.__cause__, "sqlstate", None) == _READ_ONLY_SQLSTATE
        case OSError():
            return problem.errno in _NO_ROOM
    return False
