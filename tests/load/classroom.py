"""People with room sockets in a real `palaver serve`, each with a replica of the room that deltas keep up to date."""

import asyncio
import contextlib
import itertools
import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE_S = 60.0
# No server ever gave out such a version, so that `sync` is answered with a whole snapshot.
FAR_AHEAD = 2**40
_MEETING = """
import json
from palaver.accounts.models import User
from palaver.kernel.clock import system_clock
from palaver.meetings.services import create_meeting
alice = User.objects.create_user("alice@example.org", first_name="Alice", last_name="Okafor")
print(json.dumps(create_meeting(actor=alice, title="Chess club", now=system_clock()).slug))
"""


class House(Protocol):
    """What people dial, and what its operator can do: one server, or several behind one address."""

    @property
    def url(self) -> str: ...

    @property
    def port(self) -> int: ...

    @property
    def pids(self) -> tuple[int, ...]: ...

    def manage(self, *words: str) -> str: ...


def open_meeting(server: House) -> str:
    """The slug of a meeting of alice's, open to everybody. Once a server."""
    slug: str = json.loads(server.manage("shell", "--no-imports", "-c", _MEETING).strip().splitlines()[-1])
    return slug


class Replica:
    """A snapshot, and the deltas after it (LIVE-060)."""

    def __init__(self) -> None:
        self.version = -1
        self.room: dict[str, Any] = {}
        self.participants: dict[str, dict[str, Any]] = {}
        self.waiting: dict[str, dict[str, Any]] = {}

    def start(self, snapshot: dict[str, Any]) -> None:
        """Everything anew."""
        self.version, self.room = snapshot["version"], snapshot["room"]
        self.participants, self.waiting = dict(snapshot["participants"]), dict(snapshot["waiting"])

    def change(self, delta: dict[str, Any]) -> None:
        """One step on. A gap would be a fault of the server: nothing is lost on a connection."""
        assert delta["base"] == self.version, "a delta is missing"
        self.version = delta["version"]
        for change in delta["changes"]:
            match change["op"]:
                case "put_participant":
                    self.participants[change["participant"]["participant_id"]] = change["participant"]
                case "drop_participant":
                    del self.participants[change["participant_id"]]
                case "put_room":
                    self.room = change["room"]
                case "put_waiting":
                    self.waiting[change["person"]["participant_id"]] = change["person"]
                case "drop_waiting":
                    del self.waiting[change["participant_id"]]
                case other:
                    raise AssertionError(other)

    def told(self) -> dict[str, Any]:
        """As a snapshot."""
        return {
            "version": self.version,
            "room": self.room,
            "participants": self.participants,
            "waiting": self.waiting,
        }


@dataclass(eq=False)
class Pupil:
    """Somebody with a page. `address` is where they come from: another network for each."""

    server: House
    slug: str
    name: str
    address: str
    cookie: str | None = None
    ticket: str | None = None
    answer: dict[str, Any] = field(default_factory=dict)
    welcome: dict[str, Any] = field(default_factory=dict)
    replica: Replica = field(default_factory=Replica)
    news: list[dict[str, Any]] = field(default_factory=list)
    # Snapshots that nobody asked for: the room was told anew on a connection that stands.
    resyncs: int = 0
    closing: dict[str, Any] | None = None
    close_code: int | None = None
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _listening: asyncio.Task[None] | None = None

    async def dial(self, **hello: Any) -> dict[str, Any]:
        """Say hello, and listen from then on; the first answer."""
        headers = {} if self.cookie is None else {"Cookie": f"sessionid={self.cookie}"}
        self.socket: ClientConnection = await connect(
            f"ws://127.0.0.1:{self.server.port}/ws/meetings/{self.slug}",
            origin=self.server.url,  # type: ignore[arg-type]
            additional_headers=headers,
            local_addr=(self.address, 0),
            open_timeout=PATIENCE_S,
        )
        self._numbers = itertools.count()
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self.replica, self.closing, self.close_code, self.answer = Replica(), None, None, {}
        message = {"type": "hello", "request_id": "hello", "protocol": 1, "tab_id": f"tab of {self.name}"}
        await self._send({**message, "name": self.name, "guest_ticket": self.ticket, **hello})
        self._listening = asyncio.create_task(self._listen())
        await self.until(lambda: bool(self.answer) or self.close_code is not None)
        return self.answer

    async def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Give a command; the ack or the error. Raises ConnectionError when the connection ends first."""
        request_id = f"r{next(self._numbers)}"
        future = self._answers[request_id] = asyncio.get_running_loop().create_future()
        await self._send({"type": "command", "request_id": request_id, "command": {"kind": kind, **fields}})
        return await asyncio.wait_for(future, PATIENCE_S)

    async def do(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Give a command that has to be carried out; its result."""
        answer = await self.command(kind, **fields)
        assert answer["type"] == "ack", (self.name, kind, answer)
        result: dict[str, Any] = answer["result"] or {}
        return result

    async def fresh(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the deltas made, and what the server says the room is: at the same moment of this connection."""
        request_id = f"r{next(self._numbers)}"
        future = self._answers[request_id] = asyncio.get_running_loop().create_future()
        await self._send({"type": "sync", "request_id": request_id, "version": FAR_AHEAD})
        answer = await asyncio.wait_for(future, PATIENCE_S)
        pair: tuple[dict[str, Any], dict[str, Any]] = answer["before"], answer["snapshot"]
        return pair

    async def until(self, check: Any) -> None:
        """Until `check()` is true."""
        async with asyncio.timeout(PATIENCE_S), self.changed:
            await self.changed.wait_for(check)

    async def hang_up(self) -> None:
        """Go."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
            await self.socket.close()

    def crash(self) -> None:
        """Be gone, without a word."""
        self.socket.transport.abort()

    async def ended(self) -> None:
        """Until the connection is over, whoever ended it."""
        await self.until(lambda: self.close_code is not None)

    @property
    def participant_id(self) -> str:
        return str(self.welcome["you"]["participant_id"])

    @property
    def identity(self) -> str:
        return str(self.welcome["you"]["identity"])

    def heard(self) -> list[str]:
        """The texts of the chat that came as news."""
        return [event["message"]["text"] for event in self.news if event["kind"] == "chat_message"]

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self.socket.send(json.dumps(message))
        except ConnectionClosed as closed:
            raise ConnectionError(str(closed)) from closed

    async def _listen(self) -> None:
        try:
            while True:
                message = json.loads(await self.socket.recv())
                async with self.changed:
                    await self._take(message)
                    self.changed.notify_all()
        except ConnectionClosed as closed:
            async with self.changed:
                self.close_code = 1006 if closed.rcvd is None else closed.rcvd.code
                self.changed.notify_all()
            for future in self._answers.values():
                if not future.done():
                    future.set_exception(ConnectionError("the connection ended"))
                    future.exception()  # whoever waits hears of it; nobody has to

    async def _take(self, message: dict[str, Any]) -> None:
        match message["type"]:
            case "welcome":
                self.answer = self.welcome = message
                self.ticket = message["guest_ticket"]
                self.replica.start(message["snapshot"])
            case "waiting":
                self.answer, self.ticket = message, message["guest_ticket"]
            case "delta":
                self.replica.change(message)
            case "snapshot":
                before = json.loads(json.dumps(self.replica.told()))
                self.replica.start(message["snapshot"])
                if (future := self._answers.get(message["request_id"] or "")) is not None:
                    future.set_result({"before": before, "snapshot": message["snapshot"]})
                else:
                    self.resyncs += 1
            case "event":
                self.news.append(message["event"])
            case "heartbeat":
                await self._send({"type": "pong"})
            case "closing":
                self.closing = message
            case "ack" | "error":
                if message["request_id"] == "hello":
                    self.answer = message
                future_of = self._answers.get(message["request_id"] or "")
                if future_of is not None and not future_of.done():
                    future_of.set_result(message)
