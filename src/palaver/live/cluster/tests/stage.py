"""Several processes in one event loop: each with a hub and a door of its own, on one database, exchange and engine."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from palaver.config.live_handlers import REGISTRY
from palaver.engines.memory import MemoryEngine
from palaver.kernel.clock import system_clock
from palaver.live.cluster.door import ClusterDoor
from palaver.live.cluster.memory_exchange import MemoryExchange, MemoryServer
from palaver.live.cluster.part import ClusterPart
from palaver.live.consumers import LiveSocket
from palaver.live.domain.room import Moment
from palaver.live.history import DatabaseHistory
from palaver.live.hub import Hub
from palaver.live.lifecycle import Live
from palaver.live.ports import Ports
from palaver.live.sign_ins import SignIns
from palaver.live.threads import DatabaseThreads

PATIENCE_S = 20.0


@dataclass(eq=False)
class Stage:
    """The world around the processes. Time moves by itself, and by `advance` as well."""

    server: MemoryServer
    engine: MemoryEngine
    skipped_s: float = 0.0
    processes: "list[Process]" = field(default_factory=list)

    def steady_s(self) -> float:
        return asyncio.get_running_loop().time() + self.skipped_s

    async def process(self) -> "Process":
        made = Process(self, f"process-{len(self.processes) + 1}")
        self.processes.append(made)
        await made.start()
        return made

    async def advance(self, seconds: float) -> None:
        """Skip time, in steps in which every process that is awake looks around."""
        for _ in range(round(seconds / 0.5)):
            self.skipped_s += 0.5
            for process in self.processes:
                if process.is_awake:
                    await process.door.tick()
            await asyncio.sleep(0)


@dataclass(eq=False)
class Process:
    """One `palaver serve`. `is_awake` is False while it is stopped as by SIGSTOP, and for ever once it was killed."""

    stage: Stage
    name: str
    is_awake: bool = True
    pages: "list[Page]" = field(default_factory=list)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self.threads = DatabaseThreads()
        self.exchange = MemoryExchange(self.stage.server, self.name)
        self._part = ClusterPart(lambda: self.exchange)
        ports = Ports(
            registry=REGISTRY,
            engine=self.stage.engine,
            history=DatabaseHistory(self.threads),
            clock=lambda: Moment(at=system_clock(), steady_s=self.stage.steady_s()),
            call_later=loop.call_later,
            in_database=lambda _, call: self.threads.run(call),
        )
        self.hub = Hub(self._part.equip(ports, self.threads))
        started = asyncio.Event()
        self._task = loop.create_task(self.hub.run(started))
        await started.wait()
        sign_ins = SignIns(self.hub.rooms)
        door = await self._part.startup(self.hub, sign_ins)
        assert isinstance(door, ClusterDoor)
        self.door = door
        self.live = Live(hub=self.hub, sign_ins=sign_ins, door=door, threads=self.threads, loop=loop)

    async def kill(self) -> None:
        """Gone without a word; what it had not written is lost."""
        self.is_awake = False
        self.exchange.is_cut_off = True
        self.stage.server.inboxes.pop(self.name, None)
        for page in self.pages:
            page.cancel()
        assert self._part._task is not None
        tasks = {self._task, self._part._task, *self.door._tasks}
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    def fall_asleep(self) -> None:
        """As by SIGSTOP: it neither hears, says nor does anything."""
        self.is_awake = False
        self._inbox = self.stage.server.inboxes.pop(self.name)

    def wake(self) -> None:
        """As by SIGCONT."""
        self.is_awake = True
        self.stage.server.inboxes[self.name] = self._inbox

    async def stop(self) -> None:
        """As by SIGTERM."""
        self.is_awake = False
        await self._part.say_goodbye()
        await self.hub.stop()
        await self._part.shutdown()

    async def close(self) -> None:
        for page in self.pages:
            page.cancel()
        self._task.cancel()
        await asyncio.wait({self._task})
        with contextlib.suppress(Exception):
            await self._part.shutdown()
        await asyncio.to_thread(self.threads.close)


class Page:
    """A client of one process."""

    def __init__(self, process: Process, slug: str, *, cookie: str | None = None) -> None:
        host = settings.ALLOWED_HOSTS[0].lstrip(".") if settings.ALLOWED_HOSTS[0] != "*" else "localhost"
        headers = [(b"host", host.encode()), (b"origin", f"http://{host}".encode())]
        if cookie:
            headers.append((b"cookie", f"sessionid={cookie}".encode()))
        scope = {
            "scheme": "ws",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "url_route": {"kwargs": {"slug": slug}},
        }
        self._in: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._in.put_nowait({"type": "websocket.connect"})
        self._task = asyncio.create_task(LiveSocket(process.live, scope, self._in.get, self._out.put).run())
        self._requests = 0
        self.welcome: dict[str, Any] = {}
        self.state: dict[str, Any] = {}
        """The replica: what the client believes."""
        self.seen: list[dict[str, Any]] = []
        process.pages.append(self)

    def cancel(self) -> None:
        self._task.cancel()

    def send(self, message: dict[str, Any]) -> None:
        self._in.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def drop(self, code: int = 1006) -> None:
        self._in.put_nowait({"type": "websocket.disconnect", "code": code})

    async def next(self) -> dict[str, Any]:
        event = await asyncio.wait_for(self._out.get(), PATIENCE_S)
        if event["type"] == "websocket.accept":
            return await self.next()
        if event["type"] == "websocket.close":
            raise ConnectionError(event["code"])
        message: dict[str, Any] = json.loads(event["text"])
        self.seen.append(message)
        self._apply(message)
        return message

    async def hello(self, name: str | None = None, **fields: Any) -> dict[str, Any]:
        hello = {"type": "hello", "request_id": "h", "protocol": 1, "name": name, "tab_id": f"tab-{id(self)}", **fields}
        self.send(hello)
        answer = await self.answer_to("h")
        self.welcome = answer if answer["type"] == "welcome" else {}
        return answer

    def ask(self, kind: str, **fields: Any) -> str:
        self._requests += 1
        request_id = f"r{self._requests}"
        self.send({"type": "command", "request_id": request_id, "command": {"kind": kind, **fields}})
        return request_id

    async def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        return await self.answer_to(self.ask(kind, **fields))

    async def answer_to(self, request_id: str) -> dict[str, Any]:
        while (message := await self.next()).get("request_id") != request_id:
            pass
        return message

    async def until(self, kind: str) -> dict[str, Any]:
        while (message := await self.next())["type"] != kind:
            pass
        return message

    async def until_names(self, *names: str) -> None:
        """Until these and no others are in the room, as far as this page knows."""
        while self.names() != sorted(names):
            await self.next()

    def names(self) -> list[str]:
        return sorted(who["name"] for who in self.state["participants"].values())

    @property
    def me(self) -> str:
        participant_id: str = self.welcome["you"]["participant_id"]
        return participant_id

    async def farewell(self) -> tuple[str | None, int]:
        """The reason and the code of the close."""
        reason = None
        while True:
            try:
                message = await self.next()
            except ConnectionError as closed:
                return reason, closed.args[0]
            reason = message["reason"] if message["type"] == "closing" else reason

    def _apply(self, message: dict[str, Any]) -> None:
        match message:
            case {"type": "welcome" | "snapshot", "snapshot": snapshot}:
                self.state = snapshot
            case {"type": "delta", "base": base, "version": version, "changes": changes}:
                assert base == self.state["version"], "a delta is missing"
                people = dict(self.state["participants"])
                for change in changes:
                    match change:
                        case {"op": "put_participant", "participant": who}:
                            people[who["participant_id"]] = who
                        case {"op": "drop_participant", "participant_id": gone}:
                            del people[gone]
                self.state = {**self.state, "version": version, "participants": people}


@asynccontextmanager
async def running_stage() -> AsyncIterator[Stage]:
    """A stage without processes."""
    stage = Stage(MemoryServer(float), MemoryEngine())
    stage.server.steady_s = stage.steady_s
    yield stage
    # All at once, not one after the other with all its rooms handed on.
    stage.server.is_down = True
    for process in stage.processes:
        await process.close()
