"""The end of a process that serves: within five seconds of a signal, whatever hangs and however busy the machine is."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from typing import NoReturn

_STOP_WITHIN_S = 5.0


def stop_in_time() -> None:
    """From the signal on: something that hangs in a thread must not keep the process."""
    last_resort = threading.Timer(_STOP_WITHIN_S - 0.2, os._exit, args=(0,))
    last_resort.daemon = True
    last_resort.start()


def leave(code: int) -> NoReturn:
    """End the process, now that everything is closed.

    The interpreter would take its memory apart first, object by object. On a busy machine that takes seconds of the few
    that a stop may last, and no thread can be the last resort any more; the system does it at once.
    """
    # Logs are flushed here, and whatever measures a process writes what it found. No other name reaches these calls.
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()
    os._exit(code)
