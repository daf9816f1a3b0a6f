"""The server that is checked: ours and the reference, or the one that the environment names.

`CONFORMANCE_URL`, `CONFORMANCE_KEY` and `CONFORMANCE_SECRET` let the checks run against any LiveKit server.
"""

import os
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.servers import livekit
from tests.servers.sfu import SfuAddress, palaver_sfu

NAMED = os.environ.get("CONFORMANCE_URL")


# The reference shows that a check is right, not that we are: `make proof` asks it.
SERVERS = ["named"] if NAMED else ["palaver", pytest.param("livekit", marks=pytest.mark.proof)]


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SfuAddress]:
    folder = tmp_path_factory.mktemp("conformance")
    if NAMED:
        key, secret = os.environ["CONFORMANCE_KEY"], os.environ["CONFORMANCE_SECRET"]
        yield SfuAddress("named", NAMED.rstrip("/"), key, secret, pid=0, media_port=0)
    elif request.param == "palaver":
        with palaver_sfu(folder) as address:
            yield address
    elif livekit.binary() is None:
        pytest.skip(livekit.SKIP_REASON)
    else:
        with livekit.livekit_server(folder) as address:
            yield address


@pytest.fixture
def room() -> str:
    return f"room-{uuid4()}"
