"""The history of meeting sessions, kept in the database by `palaver.meetings.sessions`."""

import logging
from datetime import timedelta
from typing import Any
from uuid import UUID

from palaver.kernel.errors import PalaverError
from palaver.kernel.ids import MeetingId, MeetingSessionId, UserId
from palaver.live.domain.effects import RecordAudit, RecordBan, RecordJoined
from palaver.live.domain.people import Identity
from palaver.live.domain.replica import RoomFacts
from palaver.live.domain.room import Moment
from palaver.live.ports import Run
from palaver.live.threads import DatabaseThreads
from palaver.meetings import services, sessions
from palaver.meetings.policy import Policy

logger = logging.getLogger(__name__)


class DatabaseHistory:
    """Each method is one transaction on a database thread, and safe to repeat."""

    def __init__(self, threads: DatabaseThreads) -> None:
        self._run = threads.run

    async def open(self, meeting_id: UUID, *, slug: str, title: str, policy: Policy, now: Moment) -> Run | None:
        """The run that starts or goes on; None when the meeting is gone."""
        run = await self._run(sessions.open_or_continue_session, MeetingId(meeting_id), now=now.at)
        if run is None:
            return None
        facts = RoomFacts(
            meeting_id=str(meeting_id),
            slug=slug,
            title=title,
            session_id=str(run.session_id),
            started_at=run.started_at,
            waiting_room=policy.waiting_room,
            rights=policy.rights,
            one_presenter=policy.one_presenter,
            voices=policy.voices,
        )
        return Run(facts, barred=frozenset(map(Identity, run.removed)), kept=run.live_state)

    async def joined(self, session_id: str, record: RecordJoined) -> None:
        """Somebody came in."""
        await self._run(
            sessions.record_join,
            _session(session_id),
            identity=record.identity,
            display_name=record.name,
            is_signed_in=record.user_id is not None,
            user_id=None if record.user_id is None else UserId(record.user_id),
            now=record.at,
        )

    async def renamed(self, session_id: str, *, identity: Identity, name: str) -> None:
        """Somebody is called otherwise."""
        await self._run(sessions.record_name, _session(session_id), identity=identity, display_name=name)

    async def left(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        """Somebody is gone."""
        await self._run(sessions.record_leave, _session(session_id), identity=identity, now=now.at)

    async def removed(self, session_id: str, *, identity: Identity, now: Moment) -> None:
        """Somebody was put out of the run for good."""
        await self._run(sessions.record_removal, _session(session_id), identity=identity, now=now.at)

    async def banned(self, meeting_id: str, record: RecordBan) -> None:
        """Somebody stays out of all runs. The meeting may be gone, or be theirs by now: then nothing is kept."""
        try:
            await self._run(
                services.ban,
                MeetingId(UUID(meeting_id)),
                identity=record.identity,
                user_id=None if record.user_id is None else UserId(record.user_id),
                network=record.network,
                display_name=record.name,
                by_name=record.by_name,
                by_user_id=None if record.by_user_id is None else UserId(record.by_user_id),
                reason=record.reason,
                lasts=None if record.days is None else timedelta(days=record.days),
                now=record.at,
            )
        except PalaverError as refusal:
            logger.warning("A ban was not kept", extra={"reason": refusal.spec.code})

    async def audited(self, session_id: str, record: RecordAudit) -> None:
        """A line for the log of the run."""
        await self._run(
            services.record_audit,
            _session(session_id),
            actor=services.Someone(record.actor.identity, record.actor.name),
            action=record.action,
            target=None if record.target is None else services.Someone(record.target.identity, record.target.name),
            detail=record.detail,
            now=record.at,
        )

    async def kept(self, session_id: str, state: dict[str, Any], *, now: Moment) -> None:
        """What must outlive this process."""
        await self._run(sessions.save_live_state, _session(session_id), state, now.at)

    async def touched(self, session_id: str, *, now: Moment) -> None:
        """Somebody is still inside."""
        await self._run(sessions.touch_session, _session(session_id), now=now.at)

    async def ended(self, session_id: str, *, now: Moment) -> None:
        """The run is over."""
        await self._run(sessions.end_session, _session(session_id), now=now.at)


def _session(session_id: str) -> MeetingSessionId:
    return MeetingSessionId(UUID(session_id))
