"""The chat of one run, to be taken along: what was said to everyone and to the hosts.

Private messages are never in it, not even the owner's own: an export is handed on, and they were said to one person.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import gettext

from palaver.chat import wire
from palaver.chat.markdown import render_html
from palaver.chat.models import Audience, Message
from palaver.chat.reading import kept
from palaver.chat.render import messages_wire
from palaver.meetings.models import MeetingSession

_ROWS_AT_ONCE: Final = 200


def export_session(session: MeetingSession, *, now: datetime, after: int = 0) -> Iterator[wire.ChatMessage]:
    """The messages of a run in their order, a few at a time; those `after` one of them."""
    rows = Message.objects.filter(kept(session.meeting_id, now=now), session=session).exclude(audience=Audience.PRIVATE)
    while some := list(rows.filter(seq__gt=after).order_by("seq")[:_ROWS_AT_ONCE]):
        yield from messages_wire(some)
        after = some[-1].seq


def json_lines(messages: Iterator[wire.ChatMessage]) -> Iterator[str]:
    """A JSON array, a message a line, in pieces."""
    before = "[\n"
    for message in messages:
        yield before + message.model_dump_json()
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def text_lines(messages: Iterator[wire.ChatMessage]) -> Iterator[str]:
    """Plain text: a head and the words of each message."""
    for message in messages:
        head = f"{message.sent_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC  {message.sender.name}"
        notes = "".join(f" ({note})" for note in _notes(message))
        body = "".join(f"    {line}\n" for line in message.text.splitlines())
        yield f"{head}{notes}\n{body}\n"


def html_pieces(session: MeetingSession, messages: Iterator[wire.ChatMessage]) -> Iterator[str]:
    """A page that stands alone: no script, nothing to fetch."""
    facts = {"title": session.meeting.title, "started_at": session.started_at.astimezone(UTC)}
    head, _, tail = render_to_string("chat/export.html", facts).partition("<!-- messages -->")
    yield head
    for message in messages:
        yield render_to_string("chat/export_message.html", for_template(message))
    yield tail


def for_template(message: wire.ChatMessage) -> dict[str, Any]:
    """A message as pages show it."""
    return {
        "message": message,
        "sent_at": message.sent_at.astimezone(UTC),
        "notes": _notes(message),
        # Safe by construction and by nh3: see `palaver.chat.markdown`.
        "body": mark_safe(render_html(message.text)),  # noqa: S308
    }


def _notes(message: wire.ChatMessage) -> list[str]:
    notes = []
    if message.audience == "hosts":
        notes.append(gettext("to the hosts"))
    if message.edited_at is not None:
        notes.append(gettext("edited"))
    if message.deleted is not None:
        notes.append(gettext("deleted by %(name)s") % {"name": message.deleted.by.name})
    return notes
