"""Whoever asks, by whatever way, gets only what they may have: the matrix of people and files."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from palaver.accounts.models import User
from palaver.files import ports, services
from palaver.files.links import Purpose
from palaver.files.models import StoredFile
from palaver.files.tests.stage import BYTES, TUS, Stage, Visitor, picture
from palaver.kernel.clock import system_clock
from palaver.kernel.errors import FILE_NOT_FOUND, PalaverError
from palaver.kernel.ids import MeetingId
from palaver.live.identity import Guest, new_guest, sign_guest
from palaver.meetings import sessions
from palaver.meetings.services import create_meeting

pytestmark = pytest.mark.django_db(transaction=True)


async def people(stage: Stage) -> dict[str, Visitor]:
    """Everybody who is not bob, and has no business with bob's upload."""
    kicked = await stage.guest("Mallory")
    await sync_to_async(sessions.record_removal)(stage.session_id, identity=kicked.identity, now=system_clock())
    waiting = new_guest()  # has a ticket of this meeting, but never came in
    ticket = await sync_to_async(sign_guest)(Guest(waiting.identity, "Wanda"), stage.meeting.pk)
    elsewhere = await sync_to_async(_guest_of_another_meeting)(stage)
    return {
        "the owner": stage.alice,
        "a member": stage.carol,
        "another guest": await stage.guest("Dave"),
        "nobody": stage.stranger,
        "a kicked guest": kicked,
        "a guest who was never let in": Visitor(
            stage.client, stage.meeting.slug, waiting.identity, None, {"X-Palaver-Guest-Ticket": ticket}
        ),
        "a guest of another meeting": elsewhere,
        "a forger": Visitor(
            stage.client, stage.meeting.slug, stage.bob.identity, None, {"X-Palaver-Guest-Ticket": ticket[:-2] + "xx"}
        ),
    }


def _guest_of_another_meeting(stage: Stage) -> Visitor:
    assert stage.carol.user_id is not None
    other = create_meeting(actor=User.objects.get(pk=stage.carol.user_id), title="Choir", now=system_clock())
    run = sessions.open_or_continue_session(MeetingId(other.pk), now=system_clock())
    assert run is not None
    # With bob's very identity, as a ticket of a meeting of their own might say.
    sessions.record_join(
        run.session_id,
        identity=stage.bob.identity,
        display_name="Bob",
        is_signed_in=False,
        user_id=None,
        now=system_clock(),
    )
    ticket = sign_guest(Guest(stage.bob.identity, "Bob"), other.pk)  # type: ignore[arg-type]
    return Visitor(stage.client, other.slug, stage.bob.identity, None, {"X-Palaver-Guest-Ticket": ticket})


async def test_an_upload_is_there_for_nobody_but_the_one_who_began_it(stage: Stage) -> None:
    location = (await stage.bob.create(12)).headers["location"]
    await stage.bob.patch(location, 0, b"hello")
    whole = await stage.bob.send_file(picture(), is_attached=False)
    for who, visitor in (await people(stage)).items():
        for place in (location, f"/files/uploads/{whole.pk}"):
            answers = [
                await visitor.head(place),
                await visitor.patch(place, 5, b", world"),
                await visitor.delete(place),
                await visitor.ask("POST", place, **{**TUS, "X-HTTP-Method-Override": "DELETE"}),
            ]
            assert [answer.status_code for answer in answers] == [404] * 4, who
            assert "upload-offset" not in answers[0].headers
    assert (await stage.bob.head(location)).headers["upload-offset"] == "5"
    assert await sync_to_async(StoredFile.objects.count)() == 2


async def test_only_those_who_were_let_in_may_send(stage: Stage) -> None:
    may = {who: (await visitor.create(3)).status_code for who, visitor in (await people(stage)).items()}
    assert may.pop("a guest of another meeting") == 201  # into their own
    assert {who for who, status in may.items() if status == 201} == {"the owner", "a member", "another guest"}
    assert {status for status in may.values() if status != 201} == {404}
    elsewhere = (await people(stage))["a guest of another meeting"]
    elsewhere.slug = stage.meeting.slug
    assert (await elsewhere.create(3)).status_code == 404


async def test_a_kicked_guest_cannot_go_on_with_an_upload(stage: Stage) -> None:
    location = (await stage.bob.create(12)).headers["location"]
    await sync_to_async(sessions.record_removal)(stage.session_id, identity=stage.bob.identity, now=system_clock())
    assert (await stage.bob.head(location)).status_code == 404
    assert (await stage.bob.patch(location, 0, b"hello, world")).status_code == 404
    assert (await stage.bob.create(12)).status_code == 404


MayRead = Callable[[ports.Reading], bool]


@pytest.fixture
def chat_of(request: pytest.FixtureRequest) -> Any:
    def install(may_read: MayRead) -> None:
        ports.install_ports(ports.FilePorts(may_read=may_read))

    yield install
    ports.install_ports(ports.FilePorts())


async def statuses(stage: Stage, file: StoredFile, visitors: dict[str, Visitor]) -> dict[str, set[int]]:
    found = {}
    for who, visitor in visitors.items():
        answers = [await stage.client.get(visitor.link(file, purpose)) for purpose in Purpose]
        listed = await sync_to_async(_listed)(visitor, file)
        found[who] = {answer.status_code for answer in answers} | {200 if listed else 404}
    return found


def _listed(visitor: Visitor, file: StoredFile) -> bool:
    browser = Client(headers={key: value for key, value in visitor.headers.items() if key != "Cookie"})
    if "Cookie" in visitor.headers:
        browser.cookies["sessionid"] = visitor.headers["Cookie"].partition("=")[2]
    answer = browser.get(f"/api/meetings/{visitor.slug}/files", {"id": str(file.pk)})
    return answer.status_code == 200 and [told["id"] for told in answer.json()["files"]] == [str(file.pk)]


async def test_before_it_is_sent_a_file_is_read_by_its_uploader_only(stage: Stage, chat_of: Any) -> None:
    chat_of(lambda _reading: True)
    file = await stage.bob.send_file(picture(), is_attached=False)
    others = await statuses(stage, file, {k: v for k, v in (await people(stage)).items() if "forger" not in k})
    elsewhere = others.pop("a guest of another meeting")
    assert set().union(*others.values()) == {404}
    # The link is ours and names bob, who may; the list knows better which meeting the ticket is of.
    assert elsewhere == {200, 404}
    assert await statuses(stage, file, {"bob": stage.bob}) == {"bob": {200}}


async def test_a_sent_file_is_read_by_those_who_may_read_its_message(stage: Stage, chat_of: Any) -> None:
    asked: list[ports.Reading] = []

    def may_read(reading: ports.Reading) -> bool:
        asked.append(reading)
        return reading.identity == stage.carol.identity

    chat_of(may_read)
    file = await stage.bob.send_file(picture())
    everybody = await people(stage)
    found = await statuses(
        stage, file, {k: v for k, v in everybody.items() if k not in ("a forger", "a guest of another meeting")}
    )
    assert found.pop("a member") == {200}
    assert set().union(*found.values()) == {404}
    assert {(r.meeting_id, r.message_id) for r in asked} == {(stage.meeting.pk, file.message_id)}
    assert {r.identity for r in asked if r.is_owner} == {stage.alice.identity}
    # Those who are not let in are not even asked about.
    assert everybody["a kicked guest"].identity not in {r.identity for r in asked}


async def test_without_a_chat_nobody_but_the_uploader_reads_anything(stage: Stage) -> None:
    file = await stage.bob.send_file(picture())
    assert (await stage.client.get(stage.alice.link(file))).status_code == 404
    assert (await stage.client.get(stage.bob.link(file))).status_code == 200


async def test_a_message_takes_only_whole_unsent_files_of_its_sender_and_meeting(stage: Stage) -> None:
    mine = await stage.bob.send_file(b"mine", is_attached=False)
    theirs = await stage.carol.send_file(b"theirs", is_attached=False)
    sent = await stage.bob.send_file(b"sent")
    await stage.bob.create(10)
    unfinished = await sync_to_async(StoredFile.objects.get)(completed_at=None)
    attach = sync_to_async(services.attach_files)

    async def refused(*file_ids: Any, meeting_id: Any = stage.meeting.pk) -> None:
        with pytest.raises(PalaverError) as refusal:
            await attach(
                file_ids, meeting_id=meeting_id, message_id=uuid4(), identity=stage.bob.identity, now=stage.clock()
            )
        assert refusal.value.spec is FILE_NOT_FOUND

    for wrong in (theirs.pk, sent.pk, unfinished.pk, uuid4(), "nonsense", "", str(theirs.pk)):
        await refused(wrong)
        await refused(mine.pk, wrong)
    await refused(mine.pk, meeting_id=uuid4())
    await refused(*(uuid4() for _ in range(11)))
    assert (await sync_to_async(StoredFile.objects.get)(pk=mine.pk)).message_id is None
    message_id = uuid4()
    done = await attach(
        [str(mine.pk)],
        meeting_id=stage.meeting.pk,
        message_id=message_id,
        identity=stage.bob.identity,
        now=stage.clock(),
    )
    assert [(file.pk, file.message_id) for file in done] == [(mine.pk, message_id)]
    await refused(mine.pk)


@pytest.mark.parametrize(
    ("origin", "is_taken"),
    [
        ("http://testserver", True), ("https://testserver", False), ("http://testserver:81", False), ("null", False),
        ("http://evil.example", False), ("http://testserver.evil.example", False), ("http://evil-testserver", False),
    ],
)  # fmt: skip
async def test_pages_of_others_cannot_make_a_browser_send_or_delete(stage: Stage, origin: str, is_taken: bool) -> None:
    answer = await stage.carol.create(5, Origin=origin)
    assert answer.status_code == (201 if is_taken else 403)
    location = (await stage.carol.create(5)).headers["location"]
    assert (await stage.carol.patch(location, 0, b"he", Origin=origin)).status_code == (204 if is_taken else 403)
    assert (await stage.carol.delete(location, Origin=origin)).status_code == (204 if is_taken else 403)


async def test_a_browser_that_names_no_origin_is_refused_with_cookies_and_taken_without(stage: Stage) -> None:
    path = f"/files/meetings/{stage.meeting.slug}"
    headers = {**TUS, "Upload-Length": "5"}
    assert (await stage.client.post(path, headers={**stage.carol.headers, **headers})).status_code == 403
    assert (await stage.client.post(path, headers={**stage.bob.headers, **headers})).status_code == 201


async def test_no_answer_lets_another_site_read_it(stage: Stage) -> None:
    location = (await stage.bob.create(5)).headers["location"]
    for answer in (
        await stage.client.options(location, headers={"Origin": "http://evil.example"}),
        await stage.bob.head(location),
        await stage.client.post(location, headers={**TUS, **BYTES}),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


@pytest.mark.parametrize(
    "path",
    ["/files/", "/files/uploads/", "/files/uploads/1", "/files/uploads/..%2f", "/files/meetings/a/b", "/files/links/",
     "/files/sessions/x.zip", "/files/../secrets.json", "/files/links/" + "a" * 3000],
)  # fmt: skip
async def test_nothing_else_is_there(stage: Stage, path: str) -> None:
    for method in ("GET", "POST", "HEAD", "PATCH"):
        answer = await stage.client.request(method, path, headers=TUS)
        assert answer.status_code == 404
