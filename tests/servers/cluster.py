"""Several `palaver serve` on one PostgreSQL, one Redis and one media server: what stands behind one address."""

import json
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.servers.palaver import PalaverServer
from tests.servers.ports import free_tcp_port
from tests.servers.postgresql import PostgresqlServer, postgresql_server
from tests.servers.redis import RedisServer
from tests.servers.sfu import SfuAddress, palaver_sfu

SECRET = "a-secret-of-at-least-thirty-two-characters"
SET_UP = """
import json
from django.test import Client
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.meetings.services import create_meeting
name = {"first_name": "Alice", "last_name": "Moreau"}
alice, _ = User.objects.get_or_create(email="alice@example.org", defaults=name)
client = Client()
client.force_login(alice, backend="allauth.account.auth_backends.AuthenticationBackend")
meeting = create_meeting(actor=alice, title="Stand-up", now=system_clock())
print(json.dumps({"slug": meeting.slug, "cookie": client.cookies["sessionid"].value, "id": str(meeting.pk)}))
"""
HISTORY = """
import json
from palaver.meetings.models import MeetingSession
print(json.dumps([
    {
        "open": run.ended_at is None,
        "fence": run.owner_fence,
        "stays": sorted([stay.display_name, stay.left_at is None] for stay in run.attendances.all()),
    }
    for run in MeetingSession.objects.filter(meeting_id="%s").order_by("started_at")
]))
"""


@dataclass(slots=True)
class Cluster:
    """The servers, all running."""

    database: PostgresqlServer
    redis: RedisServer
    sfu: SfuAddress
    processes: list[PalaverServer]

    def meeting(self) -> dict[str, str]:
        """A new meeting of alice's: its slug, its id, and her session."""
        found: dict[str, str] = self._ask(SET_UP)
        return found

    def history(self, meeting_id: str) -> list[dict[str, Any]]:
        """The runs of a meeting, as the database has them."""
        found: list[dict[str, Any]] = self._ask(HISTORY % meeting_id)
        return found

    def freeze(self, number: int) -> None:
        """SIGSTOP."""
        self.processes[number].signal(signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        """SIGCONT."""
        self.processes[number].signal(signal.SIGCONT)

    def _ask(self, code: str) -> Any:
        return json.loads(self.processes[0].manage("shell", "-c", code).strip().splitlines()[-1])


@contextmanager
def cluster(
    folder: Path,
    *,
    processes: int = 3,
    is_shared: bool = False,
    options: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> Iterator[Cluster]:
    """Start all of it; stop it at the end. Each has a folder of its own, unless what is uploaded is `is_shared`."""
    with ExitStack() as stack:
        database = stack.enter_context(postgresql_server())
        redis = stack.enter_context(RedisServer())
        ports = [free_tcp_port() for _ in range(processes)]
        # Reports go to the first process, whoever holds the room.
        webhook = ("--webhook-url", f"http://127.0.0.1:{ports[0]}/engine/webhook")
        sfu = stack.enter_context(palaver_sfu(folder, "--media-address", "127.0.0.1", *webhook, secret=SECRET))
        settings = {
            "DATABASE_URL": database.url,
            "REDIS_URL": redis.url,
            "PALAVER_LIVEKIT_URL": sfu.url,
            "PALAVER_LIVEKIT_API_KEY": sfu.api_key,
            "PALAVER_LIVEKIT_API_SECRET": sfu.api_secret,
            "PALAVER_SECRET_KEY": SECRET,
            **(environment or {}),
        }
        folders = [folder / ("data" if is_shared else f"data-{number}") for number in range(processes)]
        servers = [
            stack.enter_context(PalaverServer(data, options=options, environment=settings, port=port))
            for data, port in zip(folders, ports, strict=True)
        ]
        yield Cluster(database, redis, sfu, servers)
