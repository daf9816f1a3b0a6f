"""In a process of its own: the limit holds for all of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2]

RAISED = """
import resource
from palaver_sfu.descriptors import raise_limit
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
raise_limit()
print(*resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "raised"), [(256, 512, 512), (300, 300, 300)])
def test_the_limit_of_the_shell_gives_way_to_that_of_the_system(soft: int, hard: int, raised: int) -> None:
    script = RAISED.format(soft=soft, hard=hard)
    run = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.split() == [str(raised), str(hard)]
