"""Offers and answers. The client always offers; one offer is in work at a time and the newest waits."""

from __future__ import annotations

from palaver_sfu.room.values import DisconnectReason
from palaver_sfu.session import presence, publishing, subscribing
from palaver_sfu.session.effects import Negotiate
from palaver_sfu.session.inputs import Answered, NegotiationFailed
from palaver_sfu.session.messages import Answer
from palaver_sfu.session.requests import Offer
from palaver_sfu.session.state import RoomState, Session, Turn


def offered(room: RoomState, session: Session, offer: Offer, turn: Turn) -> None:
    if offer.sections is None:
        _give_up(session, room, turn)
        return
    if session.negotiating is not None:
        session.next_offer = offer
        return
    session.negotiating = offer
    session.negotiating_since = turn.now
    session.negotiation += 1
    session.reoffer_asked_at = None
    session.sections = offer.sections
    publishing.claim_sections(room, session, offer.sections, turn)
    placed = subscribing.place(room, session, offer.sections, turn)
    turn.do(
        Negotiate(
            peer=session.sid,
            offer_id=session.negotiation,
            offer=offer.sdp,
            publish=publishing.published_sections(session),
            subscribe=subscribing.publishers(room, placed),
            codecs=publishing.chosen_codecs(session),
            opus=publishing.opus_wishes(session),
        )
    )


def answered(room: RoomState, session: Session, event: Answered, turn: Turn) -> None:
    offer = session.negotiating
    if offer is None or event.offer_id != session.negotiation:
        # Given up meanwhile, but the core has carried it out.
        subscribing.withhold(session, event.mid_to_track.values(), turn)
        return
    session.negotiating = None
    session.has_answer = True
    turn.send(session, Answer(offer_id=offer.id, sdp=event.sdp, mid_to_track=event.mid_to_track))
    subscribing.answered(room, session, dict(event.mid_to_track), turn)
    publishing.sections_answered(room, session, turn)
    following, session.next_offer = session.next_offer, None
    if following is not None:
        offered(room, session, following, turn)
    else:
        subscribing.reconcile(room, session, turn)


def failed(room: RoomState, session: Session, event: NegotiationFailed, turn: Turn) -> None:
    if session.negotiating is not None and event.offer_id == session.negotiation:
        _give_up(session, room, turn)


def check_deadlines(room: RoomState, session: Session, turn: Turn) -> None:
    timing = room.timing
    if session.negotiating is not None and turn.now - session.negotiating_since >= timing.negotiation_s:
        _give_up(session, room, turn)
    elif session.reoffer_asked_at is not None and turn.now - session.reoffer_asked_at >= timing.reoffer_s:
        session.reoffer_asked_at = None
        subscribing.reconcile(room, session, turn)


def _give_up(session: Session, room: RoomState, turn: Turn) -> None:
    """Nothing can be repaired on this connection; a new one starts clean."""
    session.negotiating = None
    session.next_offer = None
    presence.ask_to_rejoin(room, session, DisconnectReason.MEDIA_FAILURE, turn)
