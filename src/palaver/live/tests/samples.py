"""One command of each kind as a page writes it, aimed at people and things that the test names."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

NOBODY_ID = "p_nobody"


@dataclass(frozen=True, slots=True)
class Aims:
    """What commands are aimed at."""

    participant_id: str = NOBODY_ID
    waiting_id: str = NOBODY_ID
    identity: str = "g_nobody"
    message_id: str = "00000000-0000-4000-8000-000000000000"
    file_id: str | None = None


def samples(aims: Aims) -> dict[str, dict[str, Any]]:
    """The fields of one command of each kind. What ends the sender's own visit, or the meeting, comes last."""
    somebody = {"participant_id": aims.participant_id}
    at_the_door = {"participant_id": aims.waiting_id}
    message = {"message_id": aims.message_id}
    files = [] if aims.file_id is None else [aims.file_id]
    rights = dict.fromkeys(
        ("microphone", "camera", "screen_share", "chat", "private_chat", "reactions", "rename"), True
    )
    return {
        "rename_self": {"name": "Zoe"},
        "media_ticket": {},
        "knock": {"note": "It is me"},
        "admit": at_the_door,
        "deny": at_the_door,
        "admit_all": {},
        "deny_all": {},
        "set_lock": {"is_locked": True},
        "set_waiting_room": {"waiting_room": "guests"},
        "rename_participant": {**somebody, "name": "Zoe"},
        "mute_participant": {**somebody, "source": "microphone"},
        "mute_all": {"may_unmute": True},
        "ask_to_unmute": somebody,
        "set_rights": {"rights": {**rights, "camera": False}},
        "set_spotlight": {"participant_ids": [aims.participant_id]},
        "set_one_presenter": {"is_on": True},
        "share_take": {},
        "share_hand_over": somebody,
        "share_release": {},
        "share_ask": {"is_asking": True},
        "share_revoke": {},
        "raise_hand": {},
        "lower_hand": {},
        "lower_hand_of": somebody,
        "lower_all_hands": {},
        "react": {"reaction": "clap"},
        "set_standing": {"standing": "away"},
        "chat_send": {"client_id": uuid4().hex, "text": "Hello", "file_ids": files},
        "chat_send_private": {"client_id": uuid4().hex, "text": "Psst", "to": aims.identity},
        "chat_edit": {**message, "text": "Another"},
        "chat_edit_private": {**message, "text": "Another"},
        "chat_react": {**message, "emoji": "heart"},
        "chat_unreact": {**message, "emoji": "heart"},
        "chat_page": {},
        "chat_changes": {"since": 0},
        "chat_search": {"text": "Hello"},
        "chat_read": {"seq": 0},
        "chat_delete": message,
        "set_role": {**somebody, "role": "viewer"},
        "remove_participant": somebody,
        "ban_participant": somebody,
        "set_suspended": {"is_suspended": True},
        "leave": {},
        "end_for_all": {},
    }
