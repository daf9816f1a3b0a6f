"""tus 1.0, one test for each MUST of the core and of the extensions that we announce; then our own promises."""

import base64
import hashlib
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from palaver.files import services
from palaver.files.blobs import Writer
from palaver.files.models import StoredFile
from palaver.files.tests.stage import BYTES, TUS, Stage, metadata, picture

pytestmark = pytest.mark.django_db(transaction=True)
HELLO = b"hello, world"


def checksum(content: bytes, algorithm: str = "sha1") -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"


async def begun(stage: Stage, length: Any = 12, **headers: str) -> str:
    answer = await stage.bob.create(length, **headers)
    assert answer.status_code == 201, answer.text
    return str(answer.headers["location"])


async def offset_of(stage: Stage, location: str) -> int:
    return int((await stage.bob.head(location)).headers["upload-offset"])


# --- core -------------------------------------------------------------------------------------


async def test_options_tells_versions_extensions_size_and_algorithms_to_everybody(stage: Stage) -> None:
    for path in (f"/files/meetings/{stage.meeting.slug}", await begun(stage)):
        answer = await stage.client.request("OPTIONS", path, headers={"Tus-Resumable": "0.2.2"})
        assert answer.status_code == 204
        assert answer.headers["tus-version"] == "1.0.0"
        extensions = set(answer.headers["tus-extension"].split(","))
        assert extensions == {"creation", "creation-with-upload", "termination", "checksum", "expiration"}
        assert answer.headers["tus-max-size"] == "64000000"
        assert "sha1" in answer.headers["tus-checksum-algorithm"].split(",")


async def test_every_answer_names_the_version(stage: Stage) -> None:
    location = await begun(stage)
    answers = [
        await stage.bob.create(5),
        await stage.bob.create("many"),
        await stage.bob.head(location),
        await stage.bob.patch(location, 3, b"x"),
        await stage.bob.patch(location, 0, HELLO),
        await stage.stranger.head(location),
        await stage.bob.ask("PUT", location, **TUS),
        await stage.bob.delete(location),
    ]
    assert {answer.headers["tus-resumable"] for answer in answers} == {"1.0.0"}


@pytest.mark.parametrize("version", ["0.2.2", "1.0.1", "2.0.0", "", "1.0.0, 1.0.0"])
async def test_another_version_is_refused_with_ours_and_nothing_is_done(stage: Stage, version: str) -> None:
    location = await begun(stage)
    wrong = {"Tus-Resumable": version}
    for answer in (
        await stage.bob.ask("POST", f"/files/meetings/{stage.meeting.slug}", **{**wrong, "Upload-Length": "5"}),
        await stage.bob.head(location, **wrong),
        await stage.bob.patch(location, 0, HELLO, **wrong),
        await stage.bob.delete(location, **wrong),
    ):
        assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")
    assert await offset_of(stage, location) == 0


async def test_a_request_without_a_version_is_refused(stage: Stage) -> None:
    assert (await stage.bob.ask("HEAD", await begun(stage))).status_code == 412


async def test_head_always_has_offset_and_length_and_is_never_cached(stage: Stage) -> None:
    location = await begun(stage)
    for expected in (0, 5, len(HELLO)):
        answer = await stage.bob.head(location)
        assert answer.status_code == 200
        assert answer.headers["upload-offset"] == str(expected)
        assert answer.headers["upload-length"] == str(len(HELLO))
        assert answer.headers["cache-control"] == "no-store"
        upto = 5 if expected == 0 else len(HELLO)
        await stage.bob.patch(location, expected, HELLO[expected:upto])


async def test_head_of_nothing_has_no_offset(stage: Stage) -> None:
    answer = await stage.bob.head("/files/uploads/00000000-0000-4000-8000-000000000000")
    assert answer.status_code == 404
    assert "upload-offset" not in answer.headers


async def test_patch_appends_and_tells_the_new_offset(stage: Stage) -> None:
    location = await begun(stage)
    for offset in range(0, len(HELLO), 4):
        answer = await stage.bob.patch(location, offset, HELLO[offset : offset + 4])
        assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(offset + 4))
    file = await sync_to_async(StoredFile.objects.get)()
    assert file.sha256 == hashlib.sha256(HELLO).hexdigest()
    assert services.blobs().path(file.meeting_id, file.pk).read_bytes() == HELLO


@pytest.mark.parametrize("offset", [1, 11, 12, 13, 10**17])
async def test_another_offset_is_a_conflict_and_changes_nothing(stage: Stage, offset: int) -> None:
    location = await begun(stage)
    assert (await stage.bob.patch(location, offset, b"x")).status_code == 409
    assert await offset_of(stage, location) == 0
    await stage.bob.patch(location, 0, HELLO[:5])
    assert (await stage.bob.patch(location, 0, HELLO[:5])).status_code == 409
    assert await offset_of(stage, location) == 5


@pytest.mark.parametrize("offset", ["-1", "x", "", "1.0", "0x0", "0, 0", "٣", "9" * 30])
async def test_an_offset_is_a_number_that_is_not_negative(stage: Stage, offset: str) -> None:
    location = await begun(stage)
    answer = await stage.bob.client.request(
        "PATCH", location, content=b"x", headers=[
            *((key.encode(), value.encode()) for key, value in {**stage.bob.headers, **TUS, **BYTES}.items()),
            (b"upload-offset", offset.encode()),
        ],
    )  # fmt: skip
    assert answer.status_code == 400
    assert await offset_of(stage, location) == 0


@pytest.mark.parametrize("kind", ["application/octet-stream", "text/plain", "multipart/form-data; boundary=x", ""])
async def test_patch_takes_one_media_type_only(stage: Stage, kind: str) -> None:
    location = await begun(stage)
    assert (await stage.bob.patch(location, 0, HELLO, **{"Content-Type": kind})).status_code == 415
    assert await offset_of(stage, location) == 0


async def test_patch_on_nothing_is_not_found(stage: Stage) -> None:
    answer = await stage.bob.patch("/files/uploads/00000000-0000-4000-8000-000000000000", 0, b"x")
    assert answer.status_code == 404


async def test_the_method_in_the_header_counts(stage: Stage) -> None:
    location = await begun(stage)
    headers = {**TUS, **BYTES, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    assert (await stage.bob.ask("POST", location, HELLO, **headers)).status_code == 204
    assert await offset_of(stage, location) == len(HELLO)
    gone = await stage.bob.ask("POST", location, **{**TUS, "X-HTTP-Method-Override": "DELETE"})
    assert gone.status_code == 204
    assert (await stage.bob.head(location)).status_code == 404


async def test_more_bytes_than_announced_are_refused_whether_counted_or_not(stage: Stage) -> None:
    location = await begun(stage)
    assert (await stage.bob.patch(location, 0, HELLO + b"!")).status_code == 413

    async def uncounted() -> Any:
        yield HELLO
        yield b"!"

    assert (await stage.bob.patch(location, 0, uncounted())).status_code == 413
    assert await offset_of(stage, location) in (0, len(HELLO))


# --- creation ---------------------------------------------------------------------------------


async def test_creation_answers_with_an_address_of_its_own(stage: Stage) -> None:
    first, second = await begun(stage), await begun(stage)
    assert first != second
    assert await offset_of(stage, first) == 0


@pytest.mark.parametrize("length", ["-1", "x", "", "1e3", "12, 12", "0x10"])
async def test_creation_needs_a_length(stage: Stage, length: str) -> None:
    assert (await stage.bob.create(length)).status_code == 400
    missing = await stage.bob.ask("POST", f"/files/meetings/{stage.meeting.slug}", **TUS)
    assert missing.status_code == 400


@pytest.mark.parametrize("deferred", ["1", "0", "2"])
async def test_deferred_lengths_are_neither_announced_nor_taken(stage: Stage, deferred: str) -> None:
    answer = await stage.bob.ask(
        "POST", f"/files/meetings/{stage.meeting.slug}", **{**TUS, "Upload-Defer-Length": deferred}
    )
    assert answer.status_code == 400


async def test_creation_above_the_maximum_is_too_large(stage: Stage) -> None:
    assert (await stage.bob.create(64_000_001)).status_code == 413
    assert (await stage.bob.create(64_000_000)).status_code == 201


async def test_head_gives_metadata_back_as_it_was_sent(stage: Stage) -> None:
    sent = metadata(filename="plan.pdf", filetype="application/pdf") + ",is_draft"
    location = await begun(stage, **{"Upload-Metadata": sent})
    assert (await stage.bob.head(location)).headers["upload-metadata"] == sent
    assert "upload-metadata" not in (await stage.bob.head(await begun(stage))).headers


@pytest.mark.parametrize(
    "sent",
    ["filename", "filename !!!!", "a YQ==,a YQ==", "a YQ==,", "a YQ==,,b YQ==", "filename YQ", "ü YQ==", "a" * 5000],
)
async def test_metadata_that_cannot_be_is_refused(stage: Stage, sent: str) -> None:
    if sent == "filename":  # a key without a value is one of the forms that the protocol allows
        await begun(stage, **{"Upload-Metadata": sent})
        return
    raw = [(b"upload-metadata", sent.encode("latin-1")), (b"upload-length", b"5"), (b"tus-resumable", b"1.0.0")]
    raw += [(key.encode(), value.encode()) for key, value in stage.bob.headers.items()]
    answer = await stage.client.request("POST", f"/files/meetings/{stage.meeting.slug}", headers=raw)
    assert answer.status_code in (400, 413)


async def test_an_empty_file_is_whole_at_once(stage: Stage) -> None:
    answer = await stage.bob.create(0)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, "0")
    file = await sync_to_async(StoredFile.objects.get)()
    assert file.completed_at is not None
    assert file.sha256 == hashlib.sha256(b"").hexdigest()


# --- creation with upload ---------------------------------------------------------------------


async def test_creation_may_carry_all_bytes_or_some(stage: Stage) -> None:
    for count in (5, len(HELLO)):
        answer = await stage.bob.create(len(HELLO), HELLO[:count])
        assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(count))
        assert await offset_of(stage, answer.headers["location"]) == count


async def test_bytes_in_a_creation_have_the_same_media_type_and_bounds(stage: Stage) -> None:
    wrong = await stage.bob.ask(
        "POST",
        f"/files/meetings/{stage.meeting.slug}",
        HELLO,
        **{**TUS, "Upload-Length": "12", "Content-Type": "text/plain"},
    )
    assert wrong.status_code == 415
    assert (await stage.bob.create(5, HELLO)).status_code == 413
    assert await sync_to_async(StoredFile.objects.count)() == 0


async def test_a_creation_whose_bytes_are_wrong_leaves_nothing(stage: Stage, folder: Path) -> None:
    answer = await stage.bob.create(12, HELLO, **{"Upload-Checksum": checksum(b"other")})
    assert answer.status_code == 460
    assert await sync_to_async(StoredFile.objects.count)() == 0
    assert [path for path in folder.rglob("*") if path.is_file()] == []


# --- checksum ---------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
async def test_a_right_checksum_is_taken_and_a_wrong_one_discards_the_chunk(stage: Stage, algorithm: str) -> None:
    location = await begun(stage)
    wrong = {"Upload-Checksum": checksum(b"other", algorithm)}
    assert (await stage.bob.patch(location, 0, HELLO[:5], **wrong)).status_code == 460
    assert await offset_of(stage, location) == 0
    right = {"Upload-Checksum": checksum(HELLO[:5], algorithm)}
    assert (await stage.bob.patch(location, 0, HELLO[:5], **right)).status_code == 204
    assert await offset_of(stage, location) == 5
    assert (await stage.bob.patch(location, 5, HELLO[5:], **wrong)).status_code == 460
    assert (await stage.bob.patch(location, 5, HELLO[5:])).status_code == 204
    assert (await sync_to_async(StoredFile.objects.get)()).sha256 == hashlib.sha256(HELLO).hexdigest()


@pytest.mark.parametrize("sent", ["md5 YQ==", "crc32 YQ==", "SHA1 YQ==", "sha1", "sha1 !!!", "nonsense"])
async def test_a_checksum_that_cannot_be_checked_discards_the_chunk(stage: Stage, sent: str) -> None:
    location = await begun(stage)
    assert (await stage.bob.patch(location, 0, HELLO, **{"Upload-Checksum": sent})).status_code in (400, 460)
    assert await offset_of(stage, location) == 0


async def test_a_checksum_of_the_whole_file_is_held_against_what_is_on_the_disk(stage: Stage) -> None:
    right = metadata(filename="a.txt", sha256=hashlib.sha256(HELLO).hexdigest())
    location = await begun(stage, **{"Upload-Metadata": right})
    assert (await stage.bob.patch(location, 0, b"hello, mould")).status_code == 460
    assert await offset_of(stage, location) == 0
    assert (await stage.bob.patch(location, 0, HELLO)).status_code == 204


# --- expiration and termination ---------------------------------------------------------------


async def test_the_end_of_an_upload_is_told_with_every_step(stage: Stage) -> None:
    created = await stage.bob.create(len(HELLO))
    patched = await stage.bob.patch(created.headers["location"], 0, HELLO[:5])
    for answer in (created, patched, await stage.bob.head(created.headers["location"])):
        text = answer.headers["upload-expires"]
        assert text.endswith(" GMT")
        assert abs(parsedate_to_datetime(text) - stage.clock() - timedelta(hours=24)) < timedelta(seconds=2)


async def test_an_expired_upload_is_gone_and_leaves_no_bytes(stage: Stage, folder: Path) -> None:
    location = await begun(stage)
    await stage.bob.patch(location, 0, HELLO[:5])
    stage.clock.advance(timedelta(hours=24, seconds=1))
    assert (await stage.bob.head(location)).status_code == 410
    assert (await stage.bob.patch(location, 5, HELLO[5:])).status_code == 410
    assert [path for path in folder.rglob("*") if path.is_file()]
    assert await sync_to_async(services.sweep)(now=stage.clock()) == 1
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["database"]
    assert (await stage.bob.head(location)).status_code == 404


async def test_a_step_makes_the_upload_last_longer(stage: Stage) -> None:
    location = await begun(stage)
    stage.clock.advance(timedelta(hours=23))
    await stage.bob.patch(location, 0, HELLO[:5])
    stage.clock.advance(timedelta(hours=23))
    assert (await stage.bob.head(location)).status_code == 200


async def test_termination_frees_everything(stage: Stage, folder: Path) -> None:
    location = await begun(stage)
    await stage.bob.patch(location, 0, HELLO[:5])
    assert (await stage.bob.delete(location)).status_code == 204
    assert [path for path in folder.rglob("*") if path.is_file()] == []
    for answer in (
        await stage.bob.head(location),
        await stage.bob.patch(location, 5, HELLO[5:]),
        await stage.bob.delete(location),
    ):
        assert answer.status_code == 404


async def test_a_whole_file_can_be_taken_back_until_a_message_has_it(stage: Stage) -> None:
    kept = await stage.bob.send_file(picture())
    location = f"/files/uploads/{kept.pk}"
    assert (await stage.bob.delete(location)).status_code == 403
    assert (await stage.bob.head(location)).status_code == 200
    loose = await stage.bob.send_file(picture(), is_attached=False)
    assert (await stage.bob.delete(f"/files/uploads/{loose.pk}")).status_code == 204


# --- exclusion --------------------------------------------------------------------------------


async def test_who_comes_second_to_a_file_that_is_written_to_is_told_so(stage: Stage) -> None:
    """FILE-013: the lock is the system's, so it holds for other processes too."""
    location = await begun(stage)
    file = await sync_to_async(StoredFile.objects.get)()
    writer = Writer(services.blobs().path(file.meeting_id, file.pk))
    assert (await stage.bob.patch(location, 0, HELLO)).status_code == 423
    writer.close()
    assert (await stage.bob.patch(location, 0, HELLO)).status_code == 204
