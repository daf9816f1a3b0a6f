"""A meeting with alice (owner), carol (signed in), bob and mallory (guests), and the application of files around it."""

import base64
import io
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
from asgiref.sync import sync_to_async
from django.contrib.auth import SESSION_KEY
from django.test import Client
from PIL import Image

from palaver.accounts.models import User
from palaver.files import ports
from palaver.files.application import Files
from palaver.files.links import Link, Purpose, sign_link
from palaver.files.models import StoredFile
from palaver.files.services import attach_files
from palaver.kernel.clock import ManualClock, system_clock
from palaver.kernel.ids import MeetingId, MeetingSessionId, UserId
from palaver.live.domain.people import Identity
from palaver.live.identity import Guest, new_guest, sign_guest, user_identity
from palaver.meetings import sessions
from palaver.meetings.models import Meeting
from palaver.meetings.services import create_meeting

ORIGIN = "http://testserver"
TUS = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


def metadata(**values: str | bytes) -> str:
    """An `Upload-Metadata` header."""
    raw = {key: value.encode() if isinstance(value, str) else value for key, value in values.items()}
    return ",".join(f"{key} {base64.b64encode(value).decode()}" for key, value in raw.items())


def picture(kind: str = "PNG", size: tuple[int, int] = (640, 400), **options: Any) -> bytes:
    """A real one, with a slope of colours."""
    made = Image.linear_gradient("L").resize(size).convert("RGB")
    written = io.BytesIO()
    made.save(written, kind, **options)
    return written.getvalue()


@dataclass
class Visitor:
    """Somebody with a client: a cookie, or a guest ticket, or neither."""

    client: httpx.AsyncClient
    slug: str
    identity: str
    user_id: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, content: Any = None, **headers: str) -> httpx.Response:
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        sent = {**self.headers, "Origin": ORIGIN, **named}
        return await self.client.request(method, path, content=content, headers=sent)

    async def create(self, length: int | str, content: Any = None, **headers: str) -> httpx.Response:
        more = BYTES if content is not None else {}
        return await self.ask(
            "POST", f"/files/meetings/{self.slug}", content, **TUS, **more, **{"Upload-Length": str(length)}, **headers
        )

    async def patch(self, location: str, offset: int | str, content: Any, **headers: str) -> httpx.Response:
        return await self.ask("PATCH", location, content, **{**TUS, **BYTES, "Upload-Offset": str(offset), **headers})

    async def head(self, location: str, **headers: str) -> httpx.Response:
        return await self.ask("HEAD", location, **{**TUS, **headers})

    async def delete(self, location: str, **headers: str) -> httpx.Response:
        return await self.ask("DELETE", location, **{**TUS, **headers})

    async def send_file(self, content: bytes, *, name: str = "notes.txt", is_attached: bool = True) -> StoredFile:
        """A whole upload, given to a message."""
        answer = await self.create(len(content), content, **{"Upload-Metadata": metadata(filename=name)})
        assert answer.status_code == 201, answer.text
        file = await sync_to_async(StoredFile.objects.get)(pk=answer.headers["location"].rsplit("/", 1)[1])
        if is_attached:
            await sync_to_async(attach_files)(
                [file.pk], meeting_id=file.meeting_id, message_id=uuid4(), identity=self.identity, now=system_clock()
            )
        return await sync_to_async(StoredFile.objects.get)(pk=file.pk)

    def link(self, file: StoredFile, purpose: Purpose = Purpose.DOWNLOAD) -> str:
        return "/files/links/" + sign_link(Link(file.pk, purpose, self.identity, self.user_id), now=system_clock())


@dataclass
class Stage:
    """The whole of it."""

    app: Files
    clock: ManualClock
    meeting: Meeting
    session_id: MeetingSessionId
    alice: Visitor
    carol: Visitor
    bob: Visitor
    stranger: Visitor
    client: httpx.AsyncClient

    async def guest(self, name: str) -> Visitor:
        """One more guest who came in."""
        return await sync_to_async(_guest)(self.client, self.meeting, self.session_id, name)


def _guest(client: httpx.AsyncClient, meeting: Meeting, session_id: MeetingSessionId, name: str) -> Visitor:
    guest = new_guest()
    _let_in(session_id, guest.identity, name, None)
    ticket = sign_guest(Guest(guest.identity, name), meeting.pk)
    return Visitor(client, meeting.slug, guest.identity, None, {"X-Palaver-Guest-Ticket": ticket})


def _let_in(session_id: MeetingSessionId, identity: Identity, name: str, user: User | None) -> None:
    sessions.record_join(
        session_id,
        identity=identity,
        display_name=name,
        is_signed_in=user is not None,
        user_id=None if user is None else UserId(user.pk),
        now=system_clock(),
    )


def _signed_in(client: httpx.AsyncClient, meeting: Meeting, user: User) -> Visitor:
    browser = Client()
    browser.force_login(user)
    assert SESSION_KEY in browser.session
    cookie = {"Cookie": f"sessionid={browser.cookies['sessionid'].value}"}
    return Visitor(client, meeting.slug, user_identity(user.pk, meeting.pk), user.pk, cookie)


def _set(client: httpx.AsyncClient, app: Files, clock: ManualClock, alice: User, carol: User) -> Stage:
    meeting = create_meeting(actor=alice, title="Chess club", now=system_clock())
    run = sessions.open_or_continue_session(MeetingId(meeting.pk), now=system_clock())
    assert run is not None
    _let_in(run.session_id, user_identity(carol.pk, meeting.pk), "Carol", carol)
    return Stage(
        app=app,
        clock=clock,
        meeting=meeting,
        session_id=run.session_id,
        alice=_signed_in(client, meeting, alice),
        carol=_signed_in(client, meeting, carol),
        bob=_guest(client, meeting, run.session_id, "Bob"),
        stranger=Visitor(client, meeting.slug, new_guest().identity),
        client=client,
    )


@asynccontextmanager
async def set_stage(alice: User, carol: User) -> AsyncIterator[Stage]:
    """The application runs; its clock stands still at the present until it is moved."""
    clock = ManualClock(system_clock())
    app = Files(clock=clock)
    await app.startup()
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, timeout=60) as client:
        yield await sync_to_async(_set)(client, app, clock, alice, carol)
        await app.shutdown("server_restart")


@contextmanager
def everybody_may_read() -> Iterator[None]:
    """As with a chat whose messages are all public."""
    ports.install_ports(ports.FilePorts(may_read=lambda _reading: True))
    try:
        yield
    finally:
        ports.install_ports(ports.FilePorts())
