"""News between processes: `palaver.live.news` as letters, and back."""

from typing import Any, Final, assert_never

from pydantic import TypeAdapter

from palaver.engines.port import EngineParticipant
from palaver.live import news
from palaver.live.cluster.letters import Told
from palaver.live.commands import CommandRegistry
from palaver.live.domain import effects as fx
from palaver.live.features import FeatureEvent, Reach

_DECISIONS: Final[dict[type, TypeAdapter[Any]]] = {
    decision: TypeAdapter(decision) for decision in (fx.PolicyChanged, fx.MembershipChanged, fx.BannedElsewhere)
}


def told(room: str, what: news.News) -> Told:
    """News as a letter."""
    match what:
        case news.Decided(given):
            return Told(room, type(given).__name__, _DECISIONS[type(given)].dump_python(given, mode="json"))
        case news.MeetingRenamed(title):
            return Told(room, "renamed", {"title": title})
        case news.MeetingDeleted():
            return Told(room, "deleted", {})
        case news.EngineJoined(who):
            return Told(room, "engine_joined", _who(who))
        case news.EngineLeft(who):
            return Told(room, "engine_left", _who(who))
        case news.FeatureNews(event):
            to = event.to.value if isinstance(event.to, Reach) else sorted(event.to)
            return Told(room, "feature", {"event": event.event.model_dump(mode="json"), "to": to})
    assert_never(what)


def news_of(letter: Told, registry: CommandRegistry) -> news.News | None:
    """A letter as news; None for what this release does not know."""
    match letter.kind, letter.fields:
        case "renamed", {"title": str(title)}:
            return news.MeetingRenamed(title)
        case "deleted", _:
            return news.MeetingDeleted()
        case "engine_joined", fields:
            return news.EngineJoined(_participant(fields))
        case "engine_left", fields:
            return news.EngineLeft(_participant(fields))
        case "feature", {"event": dict(event), "to": to}:
            return _feature(event, to, registry)
        case _:
            return _decided(letter)


def _decided(letter: Told) -> news.Decided | None:
    for decision, adapter in _DECISIONS.items():
        if letter.kind == decision.__name__:
            return news.Decided(adapter.validate_python(letter.fields))
    return None


def _feature(event: dict[str, Any], to: object, registry: CommandRegistry) -> news.FeatureNews | None:
    for event_type in registry.event_types():
        if event_type.model_fields["kind"].default == event.get("kind"):
            reach = frozenset(map(str, to)) if isinstance(to, list) else Reach(str(to))
            return news.FeatureNews(FeatureEvent(event_type.model_validate(event, strict=False), reach))
    return None


def _who(who: EngineParticipant) -> dict[str, Any]:
    return {"identity": who.identity, "name": who.name, "attributes": dict(who.attributes)}


def _participant(fields: dict[str, Any]) -> EngineParticipant:
    return EngineParticipant(str(fields["identity"]), str(fields["name"]), dict(fields["attributes"]))
