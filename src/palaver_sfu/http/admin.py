"""What operators see, on a port of its own: metrics for Prometheus, and what is going on in the rooms."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from html import escape

from palaver_sfu import exposition
from palaver_sfu.config import AdminSettings
from palaver_sfu.http.replies import TEXT, Receive, Scope, Send, header
from palaver_sfu.ports import ThreadFigures
from palaver_sfu.survey import ParticipantView, RoomView, SubscriptionView

HTML, JSON = "text/html; charset=utf-8", "application/json"

_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#1a1a1a;background:#fff}"
    "table{border-collapse:collapse;margin:0 0 2em}th,td{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}"
    "th{border-bottom:1px solid #888}td{border-bottom:1px solid #ddd}"
)
_COLUMNS = ("participant", "state", "link", "publishes", "receives")


@dataclass(frozen=True, slots=True)
class Insight:
    """What the pages show, asked anew for each."""

    rooms: Callable[[], Sequence[RoomView]]
    families: Callable[[], Iterable[exposition.Family]]
    settings: AdminSettings = field(repr=False)
    threads: Callable[[], Sequence[ThreadFigures]] = tuple


class AdminApp:
    """Answers `/metrics`, `/debug` and `/debug/rooms`; nothing here changes anything."""

    def __init__(self, insight: Insight) -> None:
        self._insight = insight

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["type"] != "http":
            return
        status, body, content_type = self._answer(scope)
        payload = body.encode()
        headers = [
            (b"content-type", content_type.encode()),
            (b"content-length", str(len(payload)).encode()),
            (b"cache-control", b"no-store"),
            (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
            (b"x-content-type-options", b"nosniff"),
        ]
        if status == 401:
            headers.append((b"www-authenticate", b'Basic realm="palaver sfu"'))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else payload})

    def _answer(self, scope: Scope) -> tuple[int, str, str]:
        refusal = self._refusal(scope)
        if refusal is not None:
            return *refusal, TEXT
        match scope["path"].rstrip("/"):
            case "/metrics":
                return 200, exposition.render(self._insight.families()), exposition.CONTENT_TYPE
            case "/debug/rooms":
                return 200, json.dumps([asdict(room) for room in self._insight.rooms()]), JSON
            case "/debug" | "":
                return 200, _page(self._insight.rooms(), self._insight.threads()), HTML
            case _:
                return 404, "404 page not found", TEXT

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        if scope["method"] not in {"GET", "HEAD"}:
            return 405, "only GET and HEAD"
        if not self._may_read(scope):
            return 401, "a name and a password are needed"
        if not self._insight.settings.password and not _is_plain_host(header(scope, b"host") or ""):
            # A page of a stranger, whose name now leads here, must not read what needs no password.
            return 403, "use an address or localhost, or set a password"
        return None

    def _may_read(self, scope: Scope) -> bool:
        wanted = self._insight.settings
        if not wanted.password:
            return True
        scheme, _, packed = (header(scope, b"authorization") or "").partition(" ")
        try:
            given = base64.b64decode(packed, validate=True) if scheme.lower() == "basic" else b""
        except (binascii.Error, ValueError):
            return False
        return hmac.compare_digest(given, f"{wanted.username}:{wanted.password}".encode())


def _is_plain_host(host: str) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name.lower() == "localhost"
    return True


def _page(rooms: Sequence[RoomView], threads: Sequence[ThreadFigures]) -> str:
    people = sum(len(room.participants) for room in rooms)
    parts = [f"<!doctype html><html lang=en><meta charset=utf-8><title>palaver sfu</title><style>{_STYLE}</style>"]
    parts.append(f"<h1>{len(rooms)} rooms, {people} participants</h1>")
    parts += [f"<p>media thread {number}: {escape(_thread(thread))}</p>" for number, thread in enumerate(threads)]
    for room in rooms:
        parts.append(
            f"<h2>{escape(room.name)}</h2><p>{escape(room.sid)}, {room.age_s} s old{_place(room)}</p><table><tr>"
        )
        parts += [f"<th scope=col>{column}</th>" for column in _COLUMNS]
        parts.append("</tr>")
        parts += [_row(person) for person in room.participants]
        parts.append("</table>")
    return "".join(parts) + "</html>\n"


def _thread(thread: ThreadFigures) -> str:
    failed = f", failed {thread.failures} times" if thread.failures else ""
    failed += f", has not answered for {thread.stalled_s:.0f} s" if thread.is_stalled else ""
    return (
        f"port {thread.port}, {thread.rooms} rooms, {thread.peers} connections, {thread.busy:.0%} busy, "
        f"{thread.load.replace('_', ' ')}{failed}"
    )


def _place(room: RoomView) -> str:
    return "" if room.media_thread is None else f", media thread {room.media_thread}"


def _row(person: ParticipantView) -> str:
    marks = [person.state, person.kind, f"protocol {person.protocol}", f"{person.connections} connection(s)"]
    marks += ["hidden"] * person.is_hidden + ["signalling lost"] * (not person.is_attached)
    link = [
        person.quality or "not measured yet",
        *filter(None, [person.way]),
        f"{person.bps_in // 1000} ↑ {person.bps_out // 1000} ↓ kbit/s",
    ]
    if person.rtt_ms is not None:
        link.append(f"{person.rtt_ms:.0f} ms")
    if person.loss_in is not None and person.loss_out is not None:
        link.append(f"lost {person.loss_in:.1%} ↑ {person.loss_out:.1%} ↓")
    publishes = [
        f"{track.sid} {track.source} {track.mime_type}{' muted' if track.is_muted else ''} {' '.join(track.layers)}"
        for track in person.tracks
    ]
    receives = [f"{got.track} {got.state}{_layer(got)}{_cause(got)}" for got in person.subscriptions]
    cells = (
        f"{person.identity}\n{person.sid}",
        "\n".join(marks),
        "\n".join(link),
        *map("\n".join, (publishes, receives)),
    )
    return "<tr>" + "".join(f"<td>{escape(cell).replace(chr(10), '<br>')}</td>" for cell in cells) + "</tr>"


def _layer(got: SubscriptionView) -> str:
    if got.kind != "video":
        return ""
    return f", layer {'none' if got.sent_layer is None else got.sent_layer} of {got.layer}"


def _cause(got: SubscriptionView) -> str:
    lost = "" if got.loss is None else f", lost {got.loss:.1%}"
    return f", {got.cause}{lost}" if got.cause else ""
