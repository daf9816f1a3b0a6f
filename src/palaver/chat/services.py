"""What changes the chat. Each call is one transaction; what it returns is durable.

Whoever writes holds the row of the meeting: numbers have no gaps and nothing is written into a meeting that is being
deleted. Identity and role come from the connection (`Caller`), never from a message.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction

from palaver.chat import limits
from palaver.chat.errors import MESSAGE_EMPTY, MESSAGE_NOT_FOUND, MESSAGE_TOO_LONG, TOO_MANY_REACTIONS
from palaver.chat.facts import MessageDeleted
from palaver.chat.models import Audience, ChatLog, Message, Reaction, ReadMark
from palaver.chat.ports import FileClaim, Picture, ports
from palaver.chat.presence import name_inside, names_of
from palaver.chat.reading import access_message, may_all_read_both, reader_of
from palaver.chat.texts import MAX_TEXT_CHARS, clean_text, search_form
from palaver.kernel.errors import (
    FILE_NOT_FOUND,
    MEETING_NOT_FOUND,
    PARTICIPANT_NOT_FOUND,
    SIGN_IN_REQUIRED,
    PalaverError,
)
from palaver.kernel.facts import publish
from palaver.kernel.ids import MeetingId, MeetingSessionId
from palaver.live.features import Caller
from palaver.meetings.models import DISPLAY_NAME_MAX_LENGTH, Meeting
from palaver.meetings.policy import AuditAction
from palaver.meetings.services import Someone, record_audit


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as somebody wants to send it."""

    client_id: str
    text: str
    audience: Audience
    to: str = ""
    """The identity that a private message is for."""
    reply_to: str | None = None
    mentions: Sequence[str] = ()
    file_ids: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A message after a command, and whether the command changed it."""

    message: Message
    is_changed: bool


def send_message(actor: Caller, draft: Draft, *, now: datetime) -> Written:
    """Keep a message. One that was kept before, by its `client_id`, is returned as it is now.

    Raises:
        PalaverError: message_empty, message_too_long, participant_not_found (the receiver), message_not_found (the
            message that is answered), file_not_found, rate_limited, meeting_not_found.
    """
    with transaction.atomic():
        log = open_log(actor.meeting_id)
        known = Message.objects.filter(
            meeting_id=actor.meeting_id, sender_identity=actor.identity, client_id=draft.client_id
        ).first()
        if known is not None:
            return Written(known, is_changed=False)
        limits.count(limits.MESSAGES_BY_PERSON, actor.meeting_id, actor.identity, now=now)
        text = _checked_text(draft.text, may_be_empty=bool(draft.file_ids))
        to_name = _receiver_name(actor, draft)
        reply_to = _answered(actor, draft, now=now)
        log.last_seq += 1
        message = Message(
            id=uuid4(),
            meeting_id=actor.meeting_id,
            session_id=actor.session_id,
            seq=log.last_seq,
            change=next_change(log),
            client_id=draft.client_id,
            sender_identity=actor.identity,
            sender_name=actor.name[:DISPLAY_NAME_MAX_LENGTH],
            sender_user_id=actor.user_id,
            sender_is_signed_in=actor.is_signed_in,
            audience=draft.audience,
            to_identity=draft.to,
            to_name=to_name,
            text=text,
            search_text=search_form(text),
            reply_to=reply_to,
            mentions=_mentions(actor, draft.mentions),
            file_ids=list(dict.fromkeys(draft.file_ids)),
            sent_at=now,
        )
        message.pictures = [[one.file_id, one.width, one.height] for one in _claimed_pictures(message)]
        message.save(force_insert=True)
        log.save(update_fields=["last_seq", "last_change"])
        return Written(message, is_changed=True)


def edit_message(
    actor: Caller, message_id: str, *, text: str, mentions: Sequence[str], is_private: bool, now: datetime
) -> Written:
    """Give an own message another text. The same text changes nothing.

    Raises:
        PalaverError: message_not_found, also for somebody else's, a deleted one, and one of the other kind.
    """
    with transaction.atomic():
        log = open_log(actor.meeting_id)
        limits.count(limits.CHANGES_BY_PERSON, actor.meeting_id, actor.identity, now=now)
        message = access_message(reader_of(actor), message_id, now=now)
        is_own = message.sender_identity == actor.identity
        if not is_own or message.deleted_at is not None or (message.audience == Audience.PRIVATE) != is_private:
            raise PalaverError(MESSAGE_NOT_FOUND)
        cleaned = _checked_text(text, may_be_empty=bool(message.file_ids))
        named = _mentions(actor, mentions)
        if (message.text, message.mentions) == (cleaned, named):
            return Written(message, is_changed=False)
        message.text, message.search_text, message.mentions = cleaned, search_form(cleaned), named
        message.edited_at = now
        _touch(log, message, fields=["text", "search_text", "mentions", "edited_at"])
        return Written(message, is_changed=True)


def delete_message(actor: Caller, message_id: str, *, now: datetime) -> Written:
    """Take a message's content away for good; the trace stays. Deleting twice changes nothing.

    Raises:
        PalaverError: message_not_found, also for somebody else's when the actor does not moderate.
    """
    with transaction.atomic():
        log = open_log(actor.meeting_id)
        limits.count(limits.CHANGES_BY_PERSON, actor.meeting_id, actor.identity, now=now)
        message = access_message(reader_of(actor), message_id, now=now)
        if message.sender_identity != actor.identity and not actor.is_moderator:
            raise PalaverError(MESSAGE_NOT_FOUND)
        if message.deleted_at is not None:
            return Written(message, is_changed=False)
        fact = MessageDeleted(
            meeting_id=MeetingId(message.meeting_id),
            session_id=MeetingSessionId(message.session_id),
            message_id=message.pk,
            file_ids=tuple(message.file_ids),
            sender_identity=message.sender_identity,
            sender_name=message.sender_name,
            by_identity=actor.identity,
            by_name=actor.name,
            at=now,
        )
        Reaction.objects.filter(message=message).delete()
        message.text = message.search_text = ""
        message.mentions, message.file_ids, message.pictures = [], [], []
        message.deleted_at = now
        message.deleted_by_identity, message.deleted_by_name = actor.identity, actor.name[:DISPLAY_NAME_MAX_LENGTH]
        content = ["text", "search_text", "mentions", "file_ids", "pictures"]
        _touch(log, message, fields=[*content, "deleted_at", "deleted_by_identity", "deleted_by_name"])
        publish(fact)
        if message.sender_identity != actor.identity:
            # In the same transaction: a moderator's act is in the log, or it did not happen.
            record_audit(
                fact.session_id,
                actor=Someone(actor.identity, actor.name),
                action=AuditAction.DELETE_MESSAGE,
                target=Someone(message.sender_identity, message.sender_name),
                detail={"seq": message.seq},
                now=now,
            )
        return Written(message, is_changed=True)


def react(actor: Caller, message_id: str, *, emoji: str, is_on: bool, now: datetime) -> Written:
    """Put an emoji under a message, or take the own one away. Doing it twice changes nothing.

    Raises:
        PalaverError: message_not_found, too_many_reactions.
    """
    with transaction.atomic():
        log = open_log(actor.meeting_id)
        limits.count(limits.CHANGES_BY_PERSON, actor.meeting_id, actor.identity, now=now)
        message = access_message(reader_of(actor), message_id, now=now)
        if message.deleted_at is not None:
            raise PalaverError(MESSAGE_NOT_FOUND)
        own = Reaction.objects.filter(message=message, identity=actor.identity, emoji=emoji)
        if own.exists() == is_on:
            return Written(message, is_changed=False)
        if not is_on:
            own.delete()
        elif Reaction.objects.filter(message=message).count() >= limits.MAX_REACTIONS_PER_MESSAGE:
            raise PalaverError(TOO_MANY_REACTIONS)
        else:
            Reaction.objects.create(message=message, identity=actor.identity, emoji=emoji)
        _touch(log, message, fields=[])
        return Written(message, is_changed=True)


def mark_read(actor: Caller, seq: int) -> int:
    """Remember up to where a signed-in person has read; returns the mark, which never goes back.

    Raises:
        PalaverError: sign_in_required, meeting_not_found.
    """
    if actor.user_id is None:
        raise PalaverError(SIGN_IN_REQUIRED)
    with transaction.atomic():
        log = open_log(actor.meeting_id)
        mark, _ = ReadMark.objects.get_or_create(
            meeting_id=actor.meeting_id, user_id=actor.user_id, defaults={"seq": 0}
        )
        reached = min(seq, log.last_seq)
        if reached > mark.seq:
            mark.seq = reached
            mark.save(update_fields=["seq"])
        return mark.seq


def open_log(meeting_id: UUID) -> ChatLog:
    """The counters of a meeting's chat, to be written by nobody else until the transaction ends.

    Raises:
        PalaverError: meeting_not_found, when it was deleted meanwhile.
    """
    # The meeting before its parts, as everywhere; and not its key, so that a row elsewhere may still refer to it.
    meeting = Meeting.objects.select_for_update(no_key=True).filter(pk=meeting_id).only("pk").first()
    if meeting is None:
        raise PalaverError(MEETING_NOT_FOUND)
    log, _ = ChatLog.objects.get_or_create(meeting=meeting)
    return log


def next_change(log: ChatLog) -> int:
    """Count a change; the caller saves the log."""
    log.last_change += 1
    return log.last_change


def _touch(log: ChatLog, message: Message, *, fields: list[str]) -> None:
    message.change = next_change(log)
    message.save(update_fields=[*fields, "change"])
    log.save(update_fields=["last_change"])


def _checked_text(text: str, *, may_be_empty: bool) -> str:
    cleaned = clean_text(text)
    if len(cleaned) > MAX_TEXT_CHARS:
        raise PalaverError(MESSAGE_TOO_LONG)
    if not cleaned and not may_be_empty:
        raise PalaverError(MESSAGE_EMPTY)
    return cleaned


def _receiver_name(actor: Caller, draft: Draft) -> str:
    """To oneself, to somebody who left, who waits, or who never was here: refused alike."""
    if draft.audience != Audience.PRIVATE:
        return ""
    name = None if draft.to == actor.identity else name_inside(actor.session_id, draft.to)
    if name is None:
        raise PalaverError(PARTICIPANT_NOT_FOUND)
    return name


def _answered(actor: Caller, draft: Draft, *, now: datetime) -> UUID | None:
    if draft.reply_to is None:
        return None
    answered = access_message(reader_of(actor), draft.reply_to, now=now)
    is_open = may_all_read_both(answered, answer=draft.audience, sender=actor.identity, to=draft.to)
    if not is_open or answered.deleted_at is not None:
        raise PalaverError(MESSAGE_NOT_FOUND)
    return answered.pk


def _mentions(actor: Caller, identities: Sequence[str]) -> list[list[str]]:
    """Those of `identities` that are people of this run; who left while somebody typed is no reason to refuse."""
    if not identities:
        return []
    names = names_of(actor.session_id, set(identities))
    return [[identity, names[identity]] for identity in dict.fromkeys(identities) if identity in names]


def _claimed_pictures(message: Message) -> Sequence[Picture]:
    if not message.file_ids:
        return ()
    claim = FileClaim(message.meeting_id, message.pk, message.sender_identity, tuple(message.file_ids))
    pictures = ports().claim_files(claim)
    if pictures is None:
        raise PalaverError(FILE_NOT_FOUND)
    return pictures
