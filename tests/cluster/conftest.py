"""The servers, started once for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.servers.cluster import Cluster, cluster
from tests.servers.postgresql import binaries
from tests.servers.redis import binary


@pytest.fixture(scope="package")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    if binaries() is None or binary() is None:
        pytest.skip("PostgreSQL or Redis is not installed (tools/apt_packages.sh test)")
    with cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture
def together(servers: Cluster) -> Iterator[Cluster]:
    """The servers, all well at the start of a test and mended after it."""
    yield servers
    for process in servers.processes:
        if not process.is_running:
            process.start()
