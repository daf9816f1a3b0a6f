"""The measured process: one uvicorn with the real live room, or with a stock Channels group, nothing else.

    python -m benches.fanout.server hub|cluster|channels|channels-redis

`cluster` is one of several processes that share the room over Redis. Prints its port. `GET /cpu` answers with the
processor time used so far, in nanoseconds. The live room is the product's own, from frame to frame; only the database
(who is admitted, the history) and the media engine are left out.
"""

import asyncio
import os
import socket
import sys
import time
import uuid
from typing import Any

import uvicorn
from typing_extensions import override

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.django_settings")

import django

django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402 - Django must be set up first
from channels.layers import InMemoryChannelLayer  # noqa: E402

from palaver.config.live_handlers import REGISTRY  # noqa: E402
from palaver.engines.memory import MemoryEngine  # noqa: E402
from palaver.kernel.clock import system_clock  # noqa: E402
from palaver.live.admission import Admission, Applicant  # noqa: E402
from palaver.live.consumers import LiveSocket  # noqa: E402
from palaver.live.domain.effects import RecordAudit, RecordBan, RecordJoined  # noqa: E402
from palaver.live.domain.people import Identity, Role  # noqa: E402
from palaver.live.domain.replica import RoomFacts  # noqa: E402
from palaver.live.domain.room import Moment  # noqa: E402
from palaver.live.hub import Hub  # noqa: E402
from palaver.live.lifecycle import Live  # noqa: E402
from palaver.live.ports import Ports, Run  # noqa: E402
from palaver.live.sign_ins import SignIns  # noqa: E402
from palaver.live.visits import Door, HubDoor  # noqa: E402
from palaver.meetings.policy import Policy  # noqa: E402

MEETING = uuid.UUID(int=1)


class NoThreads:
    """Lets everybody in without asking a database."""

    async def run(self, call: object, applicant: Applicant, *, now: object) -> Admission:
        """Who says hello is a guest of that name."""
        del call, now
        return Admission(
            meeting_id=MEETING,
            slug="bench",
            title="Bench",
            identity=Identity(f"g_{applicant.name}"),
            user_id=None,
            role=Role.GUEST,
            policy=Policy(),
            is_trusted=False,
            always_waits=False,
            network="127.0.0.1",
            name=applicant.name,
            fallback_name="Guest",
            guest_ticket="ticket",
        )


class NoHistory:
    """Keeps nothing."""

    async def open(self, meeting_id: uuid.UUID, *, slug: str, title: str, policy: Policy, now: Moment) -> Run:
        """The one run."""
        del policy
        return Run(RoomFacts(str(meeting_id), slug, title, "run", now.at))

    async def joined(self, session_id: str, record: RecordJoined) -> None:
        """Nothing."""

    async def renamed(self, session_id: str, *, identity: Identity, name: str) -> None:
        """Nothing."""

    async def left(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        """Nothing."""

    async def touched(self, session_id: str, *, now: Moment) -> None:
        """Nothing."""

    async def removed(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        """Nothing."""

    async def banned(self, meeting_id: str, record: RecordBan) -> None:
        """Nothing."""

    async def audited(self, session_id: str, record: RecordAudit) -> None:
        """Nothing."""

    async def kept(self, session_id: str, state: dict[str, Any], *, now: Moment) -> None:
        """Nothing."""

    async def ended(self, session_id: str, *, now: Moment) -> None:
        """Nothing."""

    async def is_ours(self, session_id: str) -> bool:
        """Nobody else writes either."""
        return True

    async def goes_on(self, room: str, session_id: str, *, now: Moment) -> bool:
        """The one run does."""
        return True

    def fence_of(self, session_id: str) -> int:
        """Always the first."""
        return 1


class HubApp:
    """The product's live room."""

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        engine = MemoryEngine()
        hub = Hub(
            Ports(
                registry=REGISTRY,
                engine=engine,
                history=NoHistory(),
                clock=lambda: Moment(at=system_clock(), steady_s=loop.time()),
                call_later=loop.call_later,
                in_database=lambda _, call: asyncio.to_thread(call),
            )
        )
        threads: Any = NoThreads()
        self.tasks = [loop.create_task(hub.run(asyncio.Event()))]
        sign_ins = SignIns(hub.rooms)
        self.live = Live(hub=hub, sign_ins=sign_ins, door=self.door(hub, sign_ins), threads=threads, loop=loop)

    def door(self, hub: Hub, sign_ins: SignIns) -> Door:
        """The door of the only process."""
        return HubDoor(hub, sign_ins)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One connection."""
        await LiveSocket(self.live, {**scope, "url_route": {"kwargs": {"slug": "bench"}}}, receive, send).run()


class ClusterApp(HubApp):
    """The product's live room, shared by several processes."""

    @override
    def door(self, hub: Hub, sign_ins: SignIns) -> Door:
        """The door of one process among several."""
        from palaver.live.cluster.breaker import Breaker
        from palaver.live.cluster.door import ClusterDoor
        from palaver.live.cluster.redis_exchange import RedisExchange

        exchange = RedisExchange(os.environ["BENCH_REDIS_URL"])
        history: Any = hub.ports.history
        loop = asyncio.get_running_loop()
        door = ClusterDoor(hub, sign_ins, exchange, Breaker(exchange, steady_s=loop.time), history)
        self.tasks.append(loop.create_task(door.run()))
        return door


class GroupConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels has no types
    """What the Channels tutorial says, to the letter: a group, a send to it, a handler that sends on."""

    async def connect(self) -> None:
        """Join the group."""
        await self.channel_layer.group_add("room", self.channel_name)
        await self.accept()

    async def disconnect(self, code: int) -> None:
        """Leave it."""
        await self.channel_layer.group_discard("room", self.channel_name)

    async def receive(self, text_data: str) -> None:
        """Tell the group."""
        await self.channel_layer.group_send("room", {"type": "room.event", "text": text_data})

    async def room_event(self, event: dict[str, str]) -> None:
        """Send on."""
        await self.send(text_data=event["text"])


def channels_app(kind: str) -> Any:
    """The group, with room for every message: at its usual capacity of 100 it would lose some in silence."""
    from channels import layers

    if kind == "channels-redis":
        from channels_redis.pubsub import RedisPubSubChannelLayer

        layer = RedisPubSubChannelLayer(hosts=[os.environ["BENCH_REDIS_URL"]], capacity=10_000)
    else:
        layer = InMemoryChannelLayer(capacity=10_000)
    layers.channel_layers.set("default", layer)
    return GroupConsumer.as_asgi()


class App:
    """Sockets to the measured application; `/cpu` for the measuring one."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._sockets: Any = None

    def _make(self) -> Any:
        match self._kind:
            case "hub":
                return HubApp()
            case "cluster":
                return ClusterApp()
            case kind:
                return channels_app(kind)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One connection."""
        if scope["type"] == "websocket":
            self._sockets = self._sockets or self._make()
            await self._sockets(scope, receive, send)
        elif scope["type"] == "http":
            body = str(time.process_time_ns()).encode()
            await send(
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]}
            )
            await send({"type": "http.response.body", "body": body})


def main() -> None:
    """Serve until terminated, as `palaver serve` does."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(
        App(sys.argv[1]),
        ws="wsproto",
        http="httptools",
        lifespan="off",
        log_config=None,
        access_log=False,
        ws_per_message_deflate=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
