"""The offset machine under every order of right, wrong, cut and torn requests: what is there is always a prefix."""

import base64
import hashlib
import os
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from hypothesis import HealthCheck, given, settings, strategies as st

from palaver.files import services, uploads
from palaver.files.models import StoredFile
from palaver.files.tests.stage import Stage
from palaver.files.tests.test_interruptions import Wire

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = os.urandom(4000)


@pytest.fixture(autouse=True)
def _checkpoints_within_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "_CHECKPOINT_BYTES", 600)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["patch", "proved", "lied", "cut", "cut and lied", "elsewhere", "too much", "torn", "lost", "ask"]
        ),
        st.integers(0, 1500),
    ),
    max_size=12,
)


def proof_of(content: bytes) -> str:
    return f"sha256 {base64.b64encode(hashlib.sha256(content).digest()).decode()}"


@given(steps=STEPS)
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_whatever_happens_the_file_is_a_prefix_of_what_was_sent(
    stage: Stage, steps: list[tuple[str, int]]
) -> None:
    location = (await stage.bob.create(len(CONTENT))).headers["location"]
    file = await sync_to_async(StoredFile.objects.get)(completed_at=None)
    path = services.blobs().path(file.meeting_id, file.pk)
    offset = 0
    for step, size in steps:
        piece = CONTENT[offset : offset + size]
        offset = await _take(stage, location, path, step=step, piece=piece, offset=offset)
        told = int((await stage.bob.head(location)).headers["upload-offset"])
        assert told == offset
        assert path.read_bytes()[:offset] == CONTENT[:offset]
    if offset < len(CONTENT):
        answer = await stage.bob.patch(location, offset, CONTENT[offset:])
        assert answer.status_code == 204
    done = await sync_to_async(StoredFile.objects.get)(pk=file.pk)
    assert done.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (await stage.bob.delete(location)).status_code == 204


async def _take(stage: Stage, location: str, path: Any, *, step: str, piece: bytes, offset: int) -> int:
    match step:
        case "patch" | "proved":
            more = {"Upload-Checksum": proof_of(piece)} if step == "proved" else {}
            answer = await stage.bob.patch(location, offset, piece, **more)
            assert (answer.status_code, answer.headers["upload-offset"]) == (204, str(offset + len(piece)))
            return offset + len(piece)
        case "lied" if offset < len(CONTENT):
            answer = await stage.bob.patch(location, offset, piece, **{"Upload-Checksum": proof_of(b"other")})
            assert answer.status_code == 460
        case "elsewhere":
            assert (await stage.bob.patch(location, offset + 1, piece)).status_code == 409
        case "too much":
            assert (await stage.bob.patch(location, offset, CONTENT + b"!")).status_code == 413
        case "cut" | "cut and lied" if len(piece) > 0:
            more = {"Upload-Checksum": proof_of(piece)} if step == "cut and lied" else {}
            wire = Wire(
                stage, stage.bob, location, offset=offset, length=len(piece) + 1 if more else len(piece), **more
            )
            if offset + len(piece) + (1 if more else 0) > len(CONTENT):
                wire.hang_up()
                await wire.task
                return offset
            wire.give(piece[: len(piece) // 2])
            wire.hang_up()
            await wire.task
            return offset if more else offset + len(piece) // 2
        case "torn" if offset < len(CONTENT):
            with path.open("ab") as torn:
                torn.write(b"x" * len(piece))
        case "lost" if offset < len(CONTENT):
            kept = max(0, offset - len(piece))
            os.truncate(path, kept)
            if kept < offset:
                assert (await stage.bob.patch(location, offset, b"x")).status_code == 409
            return kept
    return offset
