"""Webhook events as the receivers of LiveKit's SDKs expect them."""

from __future__ import annotations

import base64
import hashlib

from google.protobuf.json_format import MessageToJson
from livekit.protocol import webhook

from palaver_sfu.session.effects import Announce
from palaver_sfu.wire.infos import participant_message, room_message, track_message
from palaver_sfu.wire.tokens import Keys

CONTENT_TYPE = "application/webhook+json"


def webhook_event(announce: Announce, *, nonce: str, now: float) -> webhook.WebhookEvent:
    event = webhook.WebhookEvent(
        event=announce.fact.value, room=room_message(announce.room), id=f"EV_{nonce}", created_at=int(now)
    )
    if announce.participant is not None:
        event.participant.CopyFrom(participant_message(announce.participant))
    if announce.track is not None:
        event.track.CopyFrom(track_message(announce.track))
    return event


def webhook_body(event: webhook.WebhookEvent, *, missed: int) -> str:
    """`missed`: how many events before this one never arrived."""
    if missed:
        counted = webhook.WebhookEvent()
        counted.CopyFrom(event)
        counted.num_dropped = missed
        event = counted
    return MessageToJson(event, indent=None)


def webhook_headers(body: str, *, keys: Keys, api_key: str, now: float) -> dict[str, str]:
    """The signature covers the body and stands in `Authorization` without a scheme, as receivers read it."""
    digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
    return {"Content-Type": CONTENT_TYPE, "Authorization": keys.sign_webhook(digest, api_key=api_key, now=now)}
