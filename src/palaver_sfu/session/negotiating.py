"""Offers and answers: the client's, of which one is in work at a time and the newest waits, and those of ours."""

from __future__ import annotations

from palaver_sfu.room.values import DisconnectReason, ParticipantState
from palaver_sfu.session import claiming, presence, publishing, rounds, stereo, subscribing, ways
from palaver_sfu.session.effects import Negotiate, TakeAnswer
from palaver_sfu.session.inputs import Answered, AnswerTaken, NegotiationFailed, OfferMade
from palaver_sfu.session.messages import Answer, ServerOffer
from palaver_sfu.session.requests import ClientAnswer, Offer
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
    rounds.open_peer(room, session, session.sid, turn)
    claiming.claim_sections(room, session, offer.sections, turn)
    placed = {} if session.is_dual else subscribing.place(room, session, offer.sections, turn)
    turn.do(
        Negotiate(
            peer=session.sid,
            offer_id=session.negotiation,
            offer=offer.sdp,
            publish=claiming.published_sections(session),
            subscribe=subscribing.publishers(room, session, placed),
            codecs=claiming.chosen_codecs(session),
            opus=claiming.opus_wishes(session),
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
    sdp = ways.narrow(room, session, event.sdp, turn)
    turn.send(session, Answer(offer_id=offer.id, sdp=sdp, mid_to_track=event.mid_to_track))
    ways.trickle(session, sdp, turn, is_receiving=False)
    if not session.is_dual:
        subscribing.answered(room, session, dict(event.mid_to_track), turn)
    publishing.sections_answered(room, session, turn)
    following, session.next_offer = session.next_offer, None
    if following is not None:
        offered(room, session, following, turn)
    else:
        subscribing.reconcile(room, session, turn)


def offer_made(room: RoomState, session: Session, event: OfferMade, turn: Turn) -> None:
    if event.offer_id == session.offering:
        sdp = stereo.tell(room, ways.narrow(room, session, event.sdp, turn), event.mid_to_track)
        turn.send(session, ServerOffer(offer_id=event.offer_id, sdp=sdp, mid_to_track=event.mid_to_track))
        ways.trickle(session, sdp, turn, is_receiving=True)


def answer_given(session: Session, answer: ClientAnswer, turn: Turn) -> None:
    """Some clients do not repeat the number of the offer: then it is the one that is out."""
    if session.offering is None or answer.id not in {0, session.offering}:
        return
    session.answered_sections = answer.sections or ()
    turn.do(TakeAnswer(peer=session.receiver, offer_id=session.offering, answer=answer.sdp))


def answer_taken(room: RoomState, session: Session, event: AnswerTaken, turn: Turn) -> None:
    if event.offer_id != session.offering:
        subscribing.withhold(session, event.mid_to_track.values(), turn)
        return
    session.offering = None
    received = subscribing.decodable(room, session, event.mid_to_track, session.answered_sections, turn)
    subscribing.answered(room, session, received, turn)
    subscribing.reconcile(room, session, turn)


def failed(room: RoomState, session: Session, event: NegotiationFailed, turn: Turn) -> None:
    if session.is_dual and event.peer == session.receiver:
        if event.offer_id == session.offering:
            _give_up(session, room, turn)
    elif session.negotiating is not None and event.offer_id == session.negotiation:
        _give_up(session, room, turn)


def check_deadlines(room: RoomState, session: Session, turn: Turn) -> None:
    timing = room.timing
    since = session.negotiating_since if session.negotiating is not None else None
    # Before the first connection `join_s` is patient enough for both, as in the reference: a phone that wakes up, or a
    # client that only listens to signalling, is not sent back to where it is.
    is_awaited = session.is_attached and session.state is ParticipantState.ACTIVE
    if since is None and is_awaited and session.offering is not None:
        since = session.offering_since
    if since is not None and turn.now - since >= timing.negotiation_s:
        _give_up(session, room, turn)
    elif session.reoffer_asked_at is not None and turn.now - session.reoffer_asked_at >= timing.reoffer_s:
        session.reoffer_asked_at = None
        subscribing.reconcile(room, session, turn)


def _give_up(session: Session, room: RoomState, turn: Turn) -> None:
    """Nothing can be repaired on this connection; a new one starts clean."""
    session.negotiating = session.offering = None
    session.next_offer = None
    presence.ask_to_rejoin(room, session, DisconnectReason.MEDIA_FAILURE, turn)
