"""`livekit-client` in a real browser, driven from Python: the client that most people have.

The page holds nothing but the library, so that what is tested is the server and the library, not our own page.
"""

from pathlib import Path
from typing import Any

from livekit import api
from playwright.sync_api import Browser, Page

from tests.e2e.people import is_colour_of
from tests.servers.palaver import ROOT
from tests.servers.sfu import SfuAddress

LIBRARY = ROOT / "web/node_modules/livekit-client/dist/livekit-client.umd.js"
PAGE = Path(__file__).parent / "js_client.js"


def token(server: SfuAddress, identity: str, room: str, **grants: Any) -> str:
    """A token that lets *identity* into *room* of *server*; *grants* are fields of `api.VideoGrants`."""
    return (
        api.AccessToken(server.api_key, server.api_secret)
        .with_identity(identity)
        .with_name(identity.capitalize())
        .with_grants(api.VideoGrants(room_join=True, room=room, **grants))
        .to_jwt()
    )


class JsClient:
    """One `livekit-client` in a page of its own. Methods wait in the page until their promise settles."""

    def __init__(self, browser: Browser, identity: str) -> None:
        self.identity = identity
        self.library = LIBRARY
        self.page: Page = browser.new_context().new_page()
        self.page.set_default_timeout(30_000)

    def open(self, server: SfuAddress) -> None:
        """Load the library into a page of *server*: its health page serves as an empty one of the same origin."""
        if self.page.url.startswith(server.url):
            return
        self.page.goto(f"{server.url}/")
        self.page.add_script_tag(path=self.library)
        self.page.add_script_tag(path=PAGE)

    def connect(
        self, server: SfuAddress, room: str, *, grants: dict[str, Any] | None = None, **options: Any
    ) -> dict[str, Any]:
        self.open(server)
        joined: dict[str, Any] = self.call(
            "connect", server.ws_url, token(server, self.identity, room, **(grants or {})), options
        )
        return joined

    def call(self, method: str, *arguments: Any) -> Any:
        """Call `client.<method>(…)` of js_client.js in the page and return what its promise gives."""
        return self.page.evaluate("([method, args]) => window.client[method](...args)", [method, list(arguments)])

    def close(self) -> None:
        self.page.context.close()


def see_and_hear(alice: JsClient, bob: JsClient) -> None:
    """Alice shows herself, both speak; each perceives what the other sends."""
    alice.call("publishCamera")
    alice.call("publishMicrophone")
    bob.call("publishMicrophone")
    assert is_colour_of(bob.call("see", "alice")["colour"], "alice")
    assert bob.call("hear", "alice") > 0
    assert alice.call("hear", "bob") > 0
