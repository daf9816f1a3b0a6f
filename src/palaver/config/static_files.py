"""Built files and the admin's, straight from the event loop's side: no session, no database, no page thread.

WhiteNoise finds, types, compresses and caches the files; this module speaks ASGI for it, which WhiteNoise does not.
"""

import asyncio
import re
from pathlib import Path

import django.contrib.admin
from whitenoise import WhiteNoise
from whitenoise.responders import StaticFile

from palaver.config.asgi_types import Receive, Scope, Send, respond

_CHUNK_BYTES = 256 * 1024
_HASHED = re.compile(r"/assets/.+-[\w-]{8}\.\w+(\.map)?$")  # Vite's names change with the content


def _no_wsgi_app(environ: object, start_response: object) -> list[bytes]:
    raise AssertionError("WhiteNoise only looks files up here")


def _is_immutable(path: str, url: str) -> bool:
    return bool(_HASHED.search(url))


class StaticFiles:
    """An ASGI application for `/static/`. The files are listed once, when it is made."""

    def __init__(self, web_dist: Path) -> None:
        self._files = WhiteNoise(_no_wsgi_app, max_age=3600, immutable_file_test=_is_immutable, allow_all_origins=False)
        if web_dist.is_dir():
            self._files.add_files(str(web_dist), prefix="static/")
        admin = Path(django.contrib.admin.__file__).parent / "static"
        self._files.add_files(str(admin), prefix="static/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        found = self._files.files.get(scope["path"]) if "/." not in scope["path"] else None
        if not isinstance(found, StaticFile) or scope["method"] not in ("GET", "HEAD"):
            await respond(send, 404, b"Not found.\n", (b"content-type", b"text/plain; charset=utf-8"))
            return
        environ = {
            f"HTTP_{k.decode('latin-1').upper().replace('-', '_')}": v.decode("latin-1") for k, v in scope["headers"]
        }
        response = await asyncio.to_thread(found.get_response, scope["method"], environ)
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
        headers += [
            (b"x-content-type-options", b"nosniff"),
            (b"cross-origin-resource-policy", b"same-origin"),
            (
                b"content-security-policy",
                b"default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self' data:",
            ),
        ]
        await send({"type": "http.response.start", "status": response.status.value, "headers": headers})
        if response.file is not None:
            with response.file as file:
                while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
