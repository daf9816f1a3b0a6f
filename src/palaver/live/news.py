"""What other parts of Palaver tell a running room, as values: so that the news can also travel to another process."""

from dataclasses import dataclass
from uuid import UUID

from palaver.engines.port import EngineParticipant
from palaver.live.domain import effects as fx
from palaver.live.features import FeatureEvent
from palaver.live.hub import Hub


@dataclass(frozen=True, slots=True)
class MeetingRenamed:
    """The meeting has another title."""

    title: str


@dataclass(frozen=True, slots=True)
class MeetingDeleted:
    """The meeting is gone."""


@dataclass(frozen=True, slots=True)
class EngineJoined:
    """The media engine reports somebody inside."""

    who: EngineParticipant


@dataclass(frozen=True, slots=True)
class EngineLeft:
    """The media engine reports somebody gone."""

    who: EngineParticipant


@dataclass(frozen=True, slots=True)
class FeatureNews:
    """A feature has something to tell those inside."""

    event: FeatureEvent


@dataclass(frozen=True, slots=True)
class Decided:
    """Something was decided on a page, or by an owner, that the room takes in as it is."""

    what: fx.PolicyChanged | fx.MembershipChanged | fx.BannedElsewhere


News = Decided | MeetingRenamed | MeetingDeleted | EngineJoined | EngineLeft | FeatureNews


def take_news(hub: Hub, meeting_id: str, news: News) -> None:
    """Tell the room of this process, if there is one."""
    match news:
        case MeetingRenamed(title):
            hub.meeting_renamed(UUID(meeting_id), title)
        case MeetingDeleted():
            hub.meeting_deleted(UUID(meeting_id))
        case EngineJoined(who):
            hub.engine_joined(meeting_id, who)
        case EngineLeft(who):
            hub.engine_left(meeting_id, who)
        case Decided(what):
            hub.tell_room(UUID(meeting_id), what)
        case FeatureNews(event):
            hub.publish_event(UUID(meeting_id), event)
