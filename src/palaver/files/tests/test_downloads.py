"""Signed links: who they let in, what they answer, and that nothing they give is ever run."""

import asyncio
import email
import email.policy
import os
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core import signing

from palaver.accounts.models import User
from palaver.files import downloads, services
from palaver.files.links import Link, Purpose, read_link, sign_link
from palaver.files.models import StoredFile
from palaver.files.tests.stage import Stage, picture
from palaver.kernel.clock import system_clock
from palaver.meetings import sessions

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("public_chat")]
CONTENT = bytes(range(256)) * 4


async def get(stage: Stage, link: str, method: str = "GET", **headers: str) -> Any:
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return await stage.client.request(method, link, headers=named)


# --- answers ----------------------------------------------------------------------------------


async def test_a_download_is_whole_and_cannot_do_anything(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT, name="r\u00e9sum\u00e9 \u2615.html")
    answer = await get(stage, stage.carol.link(file))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-security-policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert answer.headers["content-disposition"] == (
        "attachment; filename=\"resume .html\"; filename*=UTF-8''r%C3%A9sum%C3%A9%20%E2%98%95.html"
    )
    assert "set-cookie" not in answer.headers


async def test_head_tells_the_same_without_the_bytes(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT)
    link = stage.carol.link(file)
    whole, head = await get(stage, link), await get(stage, link, "HEAD", Range="bytes=0-9")
    assert (head.status_code, head.content) == (200, b"")
    assert {**head.headers} == {**whole.headers}


async def test_pictures_may_be_viewed_and_have_thumbnails(stage: Stage) -> None:
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        sent = picture(kind)
        file = await stage.bob.send_file(sent, name=f"holiday.{kind.lower()}")
        assert (file.image_type, file.width, file.height) == (f"image/{kind.lower()}", 640, 400)
        view = await get(stage, stage.carol.link(file, Purpose.VIEW))
        assert (view.content, view.headers["content-type"]) == (sent, file.image_type)
        assert view.headers["content-disposition"].startswith("inline; ")
        assert view.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        small = await get(stage, stage.carol.link(file, Purpose.THUMBNAIL))
        assert small.headers["content-type"] == "image/webp"
        assert small.content[8:12] == b"WEBP"
        assert len(small.content) < 20_000


async def test_what_is_no_picture_cannot_be_viewed(stage: Stage) -> None:
    file = await stage.bob.send_file(b"<script>alert(1)</script>", name="x.png")
    for purpose in (Purpose.VIEW, Purpose.THUMBNAIL):
        assert (await get(stage, stage.bob.link(file, purpose))).status_code == 404


async def test_what_the_client_has_is_not_sent_again_but_asked_for_again(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT)
    link = stage.carol.link(file)
    etag = (await get(stage, link)).headers["etag"]
    for header in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        assert (await get(stage, link, If_None_Match=header)).status_code == 304
    assert (await get(stage, link, If_None_Match='"x"')).status_code == 200
    assert (await get(stage, link, If_Match='"x"')).status_code == 412
    assert (await get(stage, link, If_Match=etag)).status_code == 200


async def test_an_empty_file_is_sent_too(stage: Stage) -> None:
    await stage.bob.create(0)
    file = await sync_to_async(StoredFile.objects.get)()
    answer = await get(stage, stage.bob.link(file))
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", "0")
    assert (await get(stage, stage.bob.link(file), Range="bytes=0-0")).status_code == 416


async def test_other_methods_are_refused(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT)
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        assert (await get(stage, stage.bob.link(file), method)).status_code == 405


# --- ranges -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0), ("bytes=0-1023", 0, 1023), ("bytes=1000-", 1000, 1023), ("bytes=-24", 1000, 1023),
        ("bytes=1023-1023", 1023, 1023), ("bytes=500-99999", 500, 1023), ("bytes=-99999", 0, 1023),
        ("Bytes=1-2", 1, 2), ("bytes= 1-2", 1, 2), ("bytes=1-2,", 1, 2),
        ("bytes=0-5,3-9", 0, 9), ("bytes=5-9,0-4", 0, 9),
        ("bytes=1-2,5000-", 1, 2),
    ],
)  # fmt: skip
async def test_one_range(stage: Stage, header: str, first: int, last: int) -> None:
    file = await stage.bob.send_file(CONTENT)
    answer = await get(stage, stage.carol.link(file), Range=header)
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes {first}-{last}/1024"
    assert answer.content == CONTENT[first : last + 1]
    assert answer.headers["content-length"] == str(last + 1 - first)


@pytest.mark.parametrize(
    "header",
    ["bytes=", "bytes=a-b", "bytes=5-4", "lines=0-5", "bytes=--5", "bytes=-", "0-5", "bytes=1-2,x", "bytes 0-5",
     "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 60, 2)), "bytes=٣-٤", "bytes=" + "9" * 40 + "-"],
)  # fmt: skip
async def test_a_range_that_cannot_be_read_is_ignored(stage: Stage, header: str) -> None:
    file = await stage.bob.send_file(CONTENT)
    answer = await stage.client.get(stage.carol.link(file), headers=[(b"range", header.encode())])
    assert (answer.status_code, answer.content) == (200, CONTENT)


@pytest.mark.parametrize("header", ["bytes=1024-", "bytes=5000-6000", "bytes=-0", "bytes=1024-,2000-"])
async def test_a_range_outside_the_file_is_not_satisfiable(stage: Stage, header: str) -> None:
    file = await stage.bob.send_file(CONTENT)
    answer = await get(stage, stage.carol.link(file), Range=header)
    assert (answer.status_code, answer.headers["content-range"]) == (416, "bytes */1024")


async def test_several_ranges_come_in_parts(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT)
    answer = await get(stage, stage.carol.link(file), Range="bytes=0-9, 100-199, -5")
    assert answer.status_code == 206
    head = f"content-type: {answer.headers['content-type']}\r\n\r\n".encode()
    parts = email.message_from_bytes(head + answer.content, policy=email.policy.HTTP).get_payload()
    got = [(part["content-range"], part.get_payload(decode=True)) for part in parts]  # type: ignore[union-attr, index]
    assert got == [
        ("bytes 0-9/1024", CONTENT[:10]),
        ("bytes 100-199/1024", CONTENT[100:200]),
        ("bytes 1019-1023/1024", CONTENT[-5:]),
    ]
    assert answer.headers["content-length"] == str(len(answer.content))


async def test_if_range_gives_the_whole_when_the_file_is_another(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT)
    link = stage.carol.link(file)
    etag = (await get(stage, link)).headers["etag"]
    assert (await get(stage, link, Range="bytes=0-9", If_Range=etag)).status_code == 206
    for other in ('"x"', f"W/{etag}", "Sat, 28 Nov 2026 12:00:00 GMT"):
        assert (await get(stage, link, Range="bytes=0-9", If_Range=other)).status_code == 200


# --- who ---------------------------------------------------------------------------------------


async def test_links_bind_person_file_purpose_and_expiry(stage: Stage) -> None:
    file, other = await stage.bob.send_file(CONTENT), await stage.bob.send_file(picture())
    good = stage.carol.link(file)
    assert (await get(stage, good)).status_code == 200
    body, _, signature = good.rpartition(":")
    mixed = stage.carol.link(other).rpartition(":")[0] + ":" + signature
    for bad in (
        good[:-1],
        good + "x",
        body,
        body + ":",
        mixed,
        good.replace(":", "."),
        "/files/links/x",
        body + ":" + "A" * 43,
    ):
        assert (await get(stage, bad)).status_code == 404
    stage.clock.advance(timedelta(hours=7))
    assert (await get(stage, good)).status_code == 404


async def test_a_removed_guest_finds_every_link_dead_at_once(stage: Stage) -> None:
    mine, theirs = await stage.bob.send_file(CONTENT), await stage.carol.send_file(picture())
    links = [stage.bob.link(mine), *(stage.bob.link(theirs, purpose) for purpose in Purpose)]
    assert {(await get(stage, link)).status_code for link in links} == {200}
    await sync_to_async(sessions.record_removal)(stage.session_id, identity=stage.bob.identity, now=system_clock())
    assert {(await get(stage, link)).status_code for link in links} == {404}
    etag = f'"{theirs.sha256}"'
    assert (await get(stage, links[2], If_None_Match=etag)).status_code == 404


async def test_a_long_download_ends_soon_after_its_reader_is_removed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "_ASK_AGAIN_BYTES", 1_000_000)
    file = await stage.carol.send_file(os.urandom(8_000_000))
    link = stage.bob.link(file)
    sent = 0
    room = asyncio.Event()

    async def receive() -> Any:
        return await asyncio.Event().wait()

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        if sent > 2_000_000 and not room.is_set():
            await sync_to_async(sessions.record_removal)(
                stage.session_id, identity=stage.bob.identity, now=system_clock()
            )
            room.set()

    scope = {"type": "http", "method": "GET", "path": link, "headers": [], "scheme": "http", "query_string": b""}
    await stage.app(scope, receive, send)
    assert 2_000_000 < sent < 3_500_000


async def test_somebody_whose_account_is_closed_finds_their_links_dead(stage: Stage) -> None:
    file = await stage.bob.send_file(CONTENT)
    link = stage.carol.link(file)
    assert stage.carol.user_id is not None
    await sync_to_async(User.objects.filter(pk=stage.carol.user_id).update)(is_active=False)
    assert (await get(stage, link)).status_code == 404


async def test_a_link_made_for_somebody_else_is_of_no_use_even_when_signed(stage: Stage) -> None:
    """An identity and an account that do not belong together: our own signature, but no person of ours."""
    file = await stage.bob.send_file(CONTENT)
    forged = Link(file.pk, Purpose.DOWNLOAD, stage.bob.identity, stage.alice.user_id)
    assert (await get(stage, "/files/links/" + sign_link(forged, now=system_clock()))).status_code == 404


def test_other_things_that_we_sign_are_no_links(settings: Any) -> None:
    assert read_link(signing.dumps({"v": 1, "m": "x"}, salt="palaver.live.guest-ticket"), now=system_clock()) is None
    assert read_link(signing.Signer(salt="palaver.files.link").sign_object({"a": 1}), now=system_clock()) is None
    assert read_link("x" * 5000, now=system_clock()) is None


async def test_a_deleted_file_is_gone_with_its_bytes_and_its_thumbnail(stage: Stage, folder: Any) -> None:
    file = await stage.bob.send_file(picture())
    link = stage.carol.link(file)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 2
    await sync_to_async(services.delete_files)([file.pk])
    assert (await get(stage, link)).status_code == 404
    assert [path for path in folder.rglob("*") if path.is_file()] == []


async def test_a_client_that_leaves_stops_the_reading(stage: Stage) -> None:
    file = await stage.bob.send_file(os.urandom(8_000_000))
    sent = 0
    left = asyncio.Event()

    async def receive() -> Any:
        await left.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal sent
        sent += len(message.get("body", b""))
        left.set()

    path = stage.bob.link(file)
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "scheme": "http", "query_string": b""}
    await stage.app(scope, receive, send)
    assert sent < 2_000_000
