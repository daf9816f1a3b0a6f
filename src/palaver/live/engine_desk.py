"""What one room asks of the media engine: in order, in the background, and only what the engine can do."""

import functools
from collections.abc import Callable, Mapping, Set as AbstractSet
from datetime import datetime, timedelta

from palaver.engines.port import MediaEngine
from palaver.live.domain.people import Identity
from palaver.live.domain.sources import Source
from palaver.live.lanes import Lane


class EngineDesk:
    """The lane of one room to the engine. All methods return at once."""

    def __init__(self, meeting_id: str, engine: MediaEngine, lane: Lane, *, now: Callable[[], datetime]) -> None:
        self._meeting_id = meeting_id
        self._engine = engine
        self._lane = lane
        self._now = now

    def rename(self, identity: Identity, name: str) -> None:
        """Somebody is called otherwise there too."""
        rename = self._engine.rename_participant
        self._lane.submit(functools.partial(rename, self._meeting_id, identity=identity, name=name))

    def set_sources(self, identity: Identity, sources: AbstractSet[Source]) -> None:
        """What somebody may publish from now on."""
        names = frozenset(source.value for source in sources)
        set_sources = self._engine.set_sources
        self._lane.submit(functools.partial(set_sources, self._meeting_id, identity=identity, sources=names))

    def mute(self, sources: Mapping[Source, AbstractSet[Identity]]) -> None:
        """Stop sources of people: one request a source."""
        for source, identities in sources.items():
            people: frozenset[str] = frozenset(identities)
            mute = self._engine.mute
            self._lane.submit(functools.partial(mute, self._meeting_id, identities=people, source=source.value))

    def remove(self, identity: Identity, *, is_for_good: bool) -> None:
        """Stop somebody's media; `is_for_good`: the tickets that they hold are worth nothing any more, either."""
        if not self._engine.capabilities.can_remove:
            return
        # Tickets count whole seconds: the one that was made in this very second is meant too.
        revoke_before = self._now() + timedelta(seconds=1) if is_for_good else None
        remove = self._engine.remove_participant
        self._lane.submit(functools.partial(remove, self._meeting_id, identity=identity, revoke_before=revoke_before))

    def delete_room(self) -> None:
        """Nobody's media may go on."""
        if self._engine.capabilities.can_remove:
            self._lane.submit(functools.partial(self._engine.delete_room, self._meeting_id))
