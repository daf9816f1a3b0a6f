"""Files that attack: none is ever shown as anything but a picture that a decoder has seen, and none costs us much."""

import resource
from typing import Any

import pytest

from palaver.files.links import Purpose
from palaver.files.tests import hostile
from palaver.files.tests.stage import Stage

pytestmark = pytest.mark.django_db(transaction=True)

ALL = {
    **{f"active/{name}": content for name, content in hostile.active()},
    **{f"polyglot/{name}": content for name, content in hostile.polyglots()},
    **{f"bomb/{name}": content for name, content in hostile.bombs()},
    **{f"archive/{name}": content for name, content in hostile.archives()},
    **{f"broken/{name}": content for name, content in hostile.broken()},
}
PICTURES = {"image/png", "image/jpeg", "image/gif", "image/webp"}
# Real pictures with something behind or within them: shown as the pictures that they are, never as the rest.
MAY_BE_SHOWN = ("polyglot/tail-", "polyglot/jpeg-exif", "polyglot/gif-js", "bomb/itxt", "bomb/scans", "broken/")
WORKERS_MOST_KIB = 250 * 1024  # resident, of a process that ends at once
OUR_MOST_GROWTH_KIB = 100 * 1024


def test_there_are_enough_of_them() -> None:
    assert len(ALL) >= 60


async def test_no_hostile_file_is_shown_as_what_it_is_or_costs_us_much(stage: Stage) -> None:
    before_kib, workers_before_kib = _most_kib(resource.RUSAGE_SELF), _most_kib(resource.RUSAGE_CHILDREN)
    shown = []
    for label, content in ALL.items():
        file = await stage.bob.send_file(content, name=label.partition("/")[2])
        whole = await stage.client.get(stage.bob.link(file))
        assert whole.content == content, label
        _cannot_act(whole, label)
        assert whole.headers["content-type"] == "application/octet-stream", label
        assert whole.headers["content-disposition"].startswith("attachment; "), label
        for purpose in (Purpose.VIEW, Purpose.THUMBNAIL):
            seen = await stage.client.get(stage.bob.link(file, purpose))
            if not file.image_type:
                assert seen.status_code == 404, label
                continue
            _cannot_act(seen, label)
            assert seen.headers["content-type"] in PICTURES, label
            assert label.startswith(MAY_BE_SHOWN), f"{label} is shown"
            if purpose is Purpose.THUMBNAIL:
                shown.append(label)
                assert not [part for part in (b"script", b"alert", b"PK\3\4", b"Exif") if part in seen.content], label
    assert any(label.startswith("polyglot/tail-") for label in shown), "no picture was recognised: this proved nothing"
    ours_kib = _most_kib(resource.RUSAGE_SELF)
    assert ours_kib - before_kib <= OUR_MOST_GROWTH_KIB
    # A child counts what we had ourselves when it was made: beside a long run of other tests that may be the most.
    assert _most_kib(resource.RUSAGE_CHILDREN) <= max(WORKERS_MOST_KIB, workers_before_kib, ours_kib)


def _most_kib(of: int) -> int:
    return resource.getrusage(of).ru_maxrss


def _cannot_act(answer: Any, label: str) -> None:
    assert answer.headers["x-content-type-options"] == "nosniff", label
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'"), label
    assert answer.headers["cross-origin-resource-policy"] == "same-origin", label
    assert "set-cookie" not in answer.headers, label
