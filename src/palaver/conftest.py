"""What the tests of all rooms share: people, a built client, and signed-in browsers."""

import json
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.test import Client

from palaver.accounts.models import User

PASSWORD = "three quiet herons"  # noqa: S105  of people who are made up


def make_person(first_name: str, last_name: str = "Okafor", *, is_administrator: bool = False) -> User:
    """Somebody with an account; alice is alice@example.org."""
    make = User.objects.create_superuser if is_administrator else User.objects.create_user
    return make(f"{first_name.lower()}@example.org", PASSWORD, first_name=first_name, last_name=last_name)


@pytest.fixture
def alice(db: None) -> User:
    return make_person("Alice")


@pytest.fixture
def carol(db: None) -> User:
    return make_person("Carol", "Nkemelu")


@pytest.fixture
def alices_browser(alice: User) -> Client:
    client = Client()
    client.force_login(alice)
    return client


@pytest.fixture
def carols_browser(carol: User) -> Client:
    client = Client()
    client.force_login(carol)
    return client


@pytest.fixture(autouse=True)
def _built_client(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pages name built files; these tests are about pages and must not need a build.
    people = ("amina", "ingrid", "jonas", "kofi", "leila", "mei", "ravi", "samuel", "zola")
    manifest: dict[str, dict[str, object]] = {
        f"src/assets/people/{name}.svg": {"file": f"assets/{name}-12345678.svg"} for name in people
    }
    for entry in ("src/pages/site.ts", "src/pages/call.tsx"):
        stem = Path(entry).stem
        manifest[entry] = {"file": f"assets/{stem}-12345678.js", "css": [f"assets/{stem}-12345678.css"]}
    folder = tmp_path_factory.mktemp("web_dist")
    (folder / ".vite").mkdir()
    (folder / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr(django_settings, "PALAVER_WEB_DIST", folder)
