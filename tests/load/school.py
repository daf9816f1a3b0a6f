"""Two `palaver serve` behind one address, where a lesson is held that outlives one of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from tests.load.classroom import Pupil
from tests.servers.cluster import Cluster, cluster
from tests.servers.front_door import FrontDoor
from tests.servers.palaver import PalaverServer


@dataclass(frozen=True, slots=True)
class Twins:
    """Two processes that share what they know. Each connection is led to one of them in turn."""

    door: FrontDoor
    cluster: Cluster

    @property
    def url(self) -> str:
        return self.door.url

    @property
    def port(self) -> int:
        return self.door.port

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(process.pid for process in self.cluster.processes if process.is_running)

    def manage(self, *words: str) -> str:
        return self.cluster.processes[0].manage(*words)

    def process_of(self, pupil: Pupil) -> PalaverServer:
        """The process that somebody was led to."""
        port = self.door.led_to[pupil.socket.local_address[:2]]
        return next(process for process in self.cluster.processes if process.port == port)

    def holder(self) -> tuple[str, str]:
        """The id of the only meeting that runs, and the name of the process that holds it."""
        with Redis.from_url(self.cluster.redis.url, decode_responses=True) as redis:
            [key] = redis.keys("palaver:{*}:holder")
            return key.split("{")[1].split("}")[0], str(redis.get(key))


@contextmanager
def twins(folder: Path, *options: str) -> Iterator[Twins]:
    """Two processes, as docs/how-to/several-processes.md has them: one folder, one public address."""
    with FrontDoor() as door:
        public = {"PALAVER_PUBLIC_URL": door.url}
        with cluster(folder, processes=2, is_shared=True, options=options, environment=public) as running:
            door.upstream_ports = tuple(process.port for process in running.processes)
            yield Twins(door, running)
