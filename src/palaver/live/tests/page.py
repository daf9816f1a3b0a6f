"""A page of the tests: speaks the live protocol with the ASGI application, frame by frame, without a network."""

import asyncio
import json
from typing import Any

from pydantic import TypeAdapter

from palaver.live.routing import application
from palaver.live.wire import ServerMessage

_SERVER_MESSAGE: TypeAdapter[Any] = TypeAdapter(ServerMessage)
# Nothing takes this long; a test that waits for something that never comes fails by this.
PATIENCE_S = 10.0


class Page:
    """One connection. Every message that comes in is checked against the contract."""

    def __init__(self, slug: str, *, cookie: str | None = None, origin: str | None = "http://127.0.0.1:8000") -> None:
        headers = [(b"host", b"127.0.0.1:8000")]
        headers += [] if origin is None else [(b"origin", origin.encode())]
        headers += [] if cookie is None else [(b"cookie", f"sessionid={cookie}".encode())]
        self._scope = {
            "type": "websocket",
            "path": f"/ws/meetings/{slug}",
            "scheme": "ws",
            "headers": headers,
            "client": ("192.0.2.7", 4711),
        }
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._may_send = asyncio.Event()
        self._may_send.set()
        self._requests = 0
        self.close_code: int | None = None
        self.welcome: dict[str, Any] = {}

    async def __aenter__(self) -> "Page":
        self._task = asyncio.create_task(application(self._scope, self._to_server.get, self._take))
        self._to_server.put_nowait({"type": "websocket.connect"})
        first = await asyncio.wait_for(self._from_server.get(), PATIENCE_S)
        if first["type"] == "websocket.close":
            self.close_code = first["code"]
        return self

    async def __aexit__(self, *_: object) -> None:
        self.drop(1006)
        self.read_again()
        await asyncio.wait_for(self._task, PATIENCE_S)

    async def _take(self, event: dict[str, Any]) -> None:
        await self._may_send.wait()
        self._from_server.put_nowait(event)

    # --- the client ----------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        """Send a message."""
        self.send_text(json.dumps(message))

    def send_text(self, text: str) -> None:
        """Send a text frame as it is."""
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def send_bytes(self, data: bytes) -> None:
        """Send a binary frame."""
        self._to_server.put_nowait({"type": "websocket.receive", "bytes": data})

    def drop(self, code: int) -> None:
        """The connection ends: 1001 is a closed tab, 1006 a pulled plug."""
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": code})

    async def ended(self) -> None:
        """Until the server is done with this connection."""
        await asyncio.wait_for(asyncio.shield(self._task), PATIENCE_S)

    def stop_reading(self) -> None:
        """The network takes nothing more."""
        self._may_send.clear()

    def read_again(self) -> None:
        """It does again."""
        self._may_send.set()

    async def hello(self, name: str | None = None, **fields: Any) -> dict[str, Any]:
        """Say hello; the welcome or the error."""
        self._requests += 1
        request_id = f"hello-{self._requests}"
        self.send(
            {
                "type": "hello",
                "request_id": request_id,
                "protocol": 1,
                "name": name,
                "tab_id": f"tab-{id(self)}",
                **fields,
            }
        )
        answer = await self.answer_to(request_id)
        if answer["type"] == "welcome":
            self.welcome = answer
        return answer

    async def command(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Give a command; the ack or the error."""
        self._requests += 1
        request_id = f"command-{self._requests}"
        self.send({"type": "command", "request_id": request_id, "command": {"kind": kind, **fields}})
        return await self.answer_to(request_id)

    # --- what comes in -------------------------------------------------------------------------

    async def next(self) -> dict[str, Any]:
        """The next message, checked. Raises ConnectionError when there is a close instead."""
        event = await asyncio.wait_for(self._from_server.get(), PATIENCE_S)
        if event["type"] == "websocket.close":
            self.close_code = event["code"]
            raise ConnectionError(f"closed with {event['code']}")
        assert event["type"] == "websocket.send"
        message: dict[str, Any] = json.loads(event["text"])
        _SERVER_MESSAGE.validate_json(event["text"])
        return message

    async def until(self, kind: str) -> dict[str, Any]:
        """The next message of that type; others before it are passed over."""
        while (message := await self.next())["type"] != kind:
            pass
        return message

    async def answer_to(self, request_id: str) -> dict[str, Any]:
        """The next message with that request id."""
        while (message := await self.next()).get("request_id") != request_id:
            pass
        return message

    async def farewell(self) -> tuple[dict[str, Any] | None, int]:
        """The closing message, if one comes, and the close code."""
        closing = None
        try:
            while True:
                message = await self.next()
                closing = message if message["type"] == "closing" else closing
        except ConnectionError:
            assert self.close_code is not None
            return closing, self.close_code

    def waiting(self) -> list[dict[str, Any]]:
        """What has come in and was not looked at yet."""
        found = []
        while not self._from_server.empty():
            found.append(json.loads(self._from_server.get_nowait()["text"]))
        return found

    @property
    def participant_id(self) -> str:
        """Who this page is."""
        return str(self.welcome["you"]["participant_id"])
