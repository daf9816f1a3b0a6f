"""What another process of this machine uses, as Linux tells it (proc(5))."""

import os
import time
from contextlib import suppress
from pathlib import Path


def resident_kib(pid: int, *, field: str = "VmRSS") -> int:
    """The memory that a process holds, or with `VmHWM` the most that it ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:"))


def processor_s(pid: int) -> float:
    """The processor time that a process has used, to the nanosecond, unlike /proc/PID/stat (clock_getcpuclockid(3)).

    Raises: OSError: it is gone.
    """
    return time.clock_gettime(~pid << 3 | 2)


def family(pid: int) -> list[int]:
    """A process and all that it started, directly or not."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(other for path in children for child in path.read_text().split() for other in family(int(child)))]


def prefer(pid: int) -> None:
    """Let a process go before others on a busy machine, where we may. Threads that it starts later inherit it."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        with suppress(PermissionError):
            os.setpriority(os.PRIO_PROCESS, int(task.name), -10)
