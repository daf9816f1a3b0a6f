import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from palaver.accounts import limits
from palaver.accounts.avatars import change_avatar
from palaver.accounts.models import AvatarPictures, User
from palaver.accounts.selectors import avatar_url

pytestmark = pytest.mark.django_db


def picture(kind: str = "PNG", size: tuple[int, int] = (512, 512), colour: str = "teal", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new("RGB", size, colour).save(written, kind, **options)
    return written.getvalue()


def choose(browser: Client, content: bytes, name: str = "me.png") -> str:
    answer = browser.post("/profile/picture", {"picture": SimpleUploadedFile(name, content)})
    assert answer["Location"] == "/profile/"
    return browser.get("/profile/").content.decode()


def addresses(page: str) -> set[str]:
    return set(re.findall(r'"(/avatars/[^"]+)"', page))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "WEBP"])
def test_a_picture_is_made_anew_in_two_sizes_and_two_forms(alices_browser: Client, kind: str) -> None:
    page = choose(alices_browser, picture(kind))
    found = addresses(page)
    digest = AvatarPictures.objects.get().digest
    assert found == {f"/avatars/{digest}-{side}.{ending}" for side in (96, 256) for ending in ("webp", "jpg")}
    for address in found:
        answer = alices_browser.get(address)
        shown = Image.open(io.BytesIO(answer.content))
        side = 256 if "-256" in address else 96
        assert shown.size == (side, side)
        assert shown.format == ("WEBP" if address.endswith("webp") else "JPEG")
        assert answer["Content-Type"] == ("image/webp" if address.endswith("webp") else "image/jpeg")


def test_a_picture_may_be_kept_for_ever_and_is_the_same_for_everybody(alices_browser: Client, alice: User) -> None:
    choose(alices_browser, picture())
    address = avatar_url(alice.pk)
    assert address is not None
    for browser in (alices_browser, Client()):
        answer = browser.get(address)
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert not answer.cookies
        assert "Cookie" not in answer.get("Vary", "")
    assert Client().head(address).content == b""
    assert Client().post(address).status_code == 405


def test_another_picture_has_another_address_and_the_old_one_is_gone(alices_browser: Client, alice: User) -> None:
    choose(alices_browser, picture(colour="teal"))
    first = avatar_url(alice.pk)
    assert first is not None
    choose(alices_browser, picture(colour="plum"))
    assert avatar_url(alice.pk) != first
    assert alices_browser.get(first).status_code == 404


def test_a_removed_picture_leaves_nothing_and_initials_come_back(alices_browser: Client, alice: User) -> None:
    choose(alices_browser, picture())
    address = avatar_url(alice.pk)
    assert address is not None
    alices_browser.post("/profile/picture/remove")
    page = alices_browser.get("/profile/").content.decode()
    assert addresses(page) == set()
    assert ">AO</span>" in page
    assert avatar_url(alice.pk) is None
    assert not AvatarPictures.objects.exists()
    assert alices_browser.get(address).status_code == 404


def test_a_picture_goes_with_its_account_but_not_with_that_of_a_twin(alice: User, carol: User) -> None:
    assert change_avatar(actor=alice, content=picture())
    assert change_avatar(actor=carol, content=picture())
    address = avatar_url(carol.pk)
    assert address == avatar_url(alice.pk)
    alice.delete()
    assert address is not None
    assert Client().get(address).status_code == 200
    carol.delete()
    assert Client().get(address).status_code == 404


def test_nothing_of_the_original_but_its_pixels_survives(alices_browser: Client, alice: User) -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    exif[0x8825] = {1: "N", 2: (52.0, 31.0, 0.0)}
    choose(alices_browser, picture("JPEG", exif=exif, comment=b"secret words"), "me.jpg")
    kept = AvatarPictures.objects.get(user=alice)
    for content in (kept.webp_96, kept.jpeg_96, kept.webp_256, kept.jpeg_256):
        assert b"secret" not in bytes(content)
        assert len(Image.open(io.BytesIO(bytes(content))).getexif()) == 0


def test_a_picture_that_lies_on_its_side_is_put_upright(alices_browser: Client, alice: User) -> None:
    side = Image.new("RGB", (200, 200), "white")
    side.paste("red", (0, 0, 100, 200))  # the left half; upright, the top one
    exif = Image.Exif()
    exif[0x0112] = 6
    written = io.BytesIO()
    side.save(written, "JPEG", exif=exif)
    choose(alices_browser, written.getvalue(), "me.jpg")
    shown = Image.open(io.BytesIO(bytes(AvatarPictures.objects.get(user=alice).webp_256))).convert("RGB")
    red, green, _ = shown.getpixel((128, 40))  # type: ignore[misc]
    assert red > 200
    assert green < 100


@pytest.mark.parametrize(
    "content",
    [
        b"", b"<svg onload=alert(1)>", b"<html>", b"%PDF-1.7", b"\x89PNG\r\n\x1a\n<script>", picture()[:60],
        b"\x89PNG\r\n\x1a\n" + bytes.fromhex("0000000d49484452ffffffffffffffff0806000000") + bytes(60),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_and_the_old_one_stays(
    alices_browser: Client, alice: User, content: bytes
) -> None:
    choose(alices_browser, picture())
    before = avatar_url(alice.pk)
    page = choose(alices_browser, content)
    assert "This is not a picture that can be shown." in page or "Choose a picture first." in page
    assert avatar_url(alice.pk) == before


def test_a_large_file_and_a_missing_one_are_said(alices_browser: Client) -> None:
    assert "at most 450 KB" in choose(alices_browser, picture() + bytes(460_000))
    assert alices_browser.post("/profile/picture").status_code == 302
    assert "Choose a picture first." in alices_browser.get("/profile/").content.decode()


def test_pictures_are_changed_by_their_person_only(client: Client) -> None:
    for path in ("/profile/picture", "/profile/picture/remove"):
        assert client.post(path)["Location"].startswith("/accounts/login/")
        assert Client(enforce_csrf_checks=True).post(path).status_code == 403


def test_pictures_are_changed_so_often_and_no_more(alices_browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PICTURE_BY_ACCOUNT", limits.Limit("picture-test", 1, limits.PICTURE_BY_ACCOUNT.window))
    choose(alices_browser, picture())
    sent = {"picture": SimpleUploadedFile("me.png", picture())}
    assert alices_browser.post("/profile/picture", sent).status_code == 429


@pytest.mark.parametrize(
    "name", ["", "x", "../secrets.json", "a-96.webp", "a" * 64 + "-97.webp", "a" * 64 + "-96.svg", "%00"]
)
def test_other_addresses_lead_nowhere(client: Client, name: str) -> None:
    assert client.get(f"/avatars/{name}").status_code == 404


def test_people_without_a_picture_have_no_address(alice: User) -> None:
    assert avatar_url(alice.pk) is None
    assert avatar_url(None) is None
    assert avatar_url(10**9) is None
