import asyncio
from typing import Any

import pytest

from palaver.config.asgi import Planes
from palaver.config.asgi_types import Receive, Scope, Send, respond


def part_called(name: str) -> Any:
    async def part(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await respond(send, 200, name.encode())
        else:
            await send({"type": "websocket.close", "code": 4000, "reason": name})

    return part


class Recorder:
    def __init__(self, name: str, diary: list[str], *, fails: str = "") -> None:
        self.name, self.diary, self.fails = name, diary, fails

    async def startup(self) -> None:
        if self.fails == "startup":
            raise RuntimeError(self.name)
        self.diary.append(f"+{self.name}")

    async def shutdown(self, reason: str) -> None:
        self.diary.append(f"-{self.name} {reason}")
        if self.fails == "shutdown":
            raise RuntimeError(self.name)
        if self.fails == "hangs":
            await asyncio.Event().wait()


def planes(*parts: Recorder) -> Planes:
    names = ("pages", "static", "health", "sfu", "live", "files")
    return Planes(**{name: part_called(name) for name in names}, parts=parts)


async def ask(app: Planes, kind: str, path: str, method: str = "GET") -> str:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": f"{kind}.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app({"type": kind, "path": path, "method": method}, receive, send)
    return str(sent[-1].get("reason", "")) if kind == "websocket" else sent[-1]["body"].decode()


@pytest.mark.parametrize(
    ("method", "path", "plane"),
    [
        ("GET", "/", "pages"),
        ("HEAD", "/", "sfu"),
        ("OPTIONS", "/", "sfu"),
        ("GET", "/rtc", "sfu"),
        ("GET", "/rtc/v1/validate", "sfu"),
        ("POST", "/twirp/livekit.RoomService/ListRooms", "sfu"),
        ("GET", "/static/favicon.svg", "static"),
        ("GET", "/health/ready", "health"),
        ("POST", "/files/meetings/oak-elm-fig-0123456789ab", "files"),
        ("HEAD", "/files/uploads/1", "files"),
        ("HEAD", "/about/", "pages"),
        ("GET", "/m/oak-elm-fig-0123456789ab", "pages"),
        ("POST", "/engine/webhook", "pages"),
    ],
)
async def test_each_address_is_answered_by_its_plane(method: str, path: str, plane: str) -> None:
    assert await ask(planes(), "http", path, method) == plane


@pytest.mark.parametrize(
    ("path", "plane"), [("/rtc/v1", "sfu"), ("/rtc", "sfu"), ("/ws/meetings/x", "live"), ("/elsewhere", "")]
)
async def test_each_socket_is_answered_by_its_plane(path: str, plane: str) -> None:
    assert await ask(planes(), "websocket", path) == plane


async def test_parts_start_in_order_and_stop_in_the_opposite_one_once() -> None:
    diary: list[str] = []
    app = planes(Recorder("sfu", diary), Recorder("live", diary))
    await app.start()
    assert app.is_serving
    await app.stop("server_restart")
    await app.stop("server_restart")
    assert diary == ["+sfu", "+live", "-live server_restart", "-sfu server_restart"]
    assert not app.is_serving


async def test_a_part_that_cannot_start_stops_those_before_it() -> None:
    diary: list[str] = []
    app = planes(Recorder("sfu", diary), Recorder("live", diary, fails="startup"))
    with pytest.raises(RuntimeError, match="live"):
        await app.start()
    assert diary == ["+sfu", "-sfu server_restart"]
    assert not app.is_serving


@pytest.mark.parametrize("fails", ["shutdown", "hangs"])
async def test_a_part_that_stops_badly_does_not_keep_the_others(fails: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("palaver.config.asgi._PART_STOP_S", 0.05)
    diary: list[str] = []
    app = planes(Recorder("sfu", diary), Recorder("live", diary, fails=fails))
    await app.start()
    await app.stop("server_restart")
    assert diary[-1] == "-sfu server_restart"


async def test_every_part_and_every_refusal_says_what_a_browser_may_do_with_it() -> None:
    async def strict(scope: Scope, receive: Receive, send: Send) -> None:
        await respond(send, 200, b"", (b"Content-Security-Policy", b"sandbox"))

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request"}

    names = ("pages", "static", "health", "sfu", "live")
    app = Planes(**{name: part_called(name) for name in names}, files=strict, parts=())
    for path in ("/", "/static/nothing", "/health/live", "/rtc/validate", "/twirp/x", "/files/nothing"):
        sent.clear()
        await app({"type": "http", "path": path, "method": "GET"}, receive, send)
        headers = [(name.decode().lower(), value.decode()) for name, value in sent[0]["headers"]]
        assert len(headers) == len(dict(headers))  # a second policy would be another one
        told = dict(headers)
        assert told["x-content-type-options"] == "nosniff"
        assert told["x-frame-options"] == "DENY"
        assert told["referrer-policy"] == "same-origin"
        own = "sandbox" if path.startswith("/files/") else "default-src 'none'; frame-ancestors 'none'"
        assert told["content-security-policy"] == own
