"""Sessions in the database, as Django keeps them, that tell when one ends or goes on under another key."""

from django.contrib.sessions.backends import db
from typing_extensions import override

from palaver.accounts.facts import SessionEnded, SessionRenewed
from palaver.kernel.facts import publish


class SessionStore(db.SessionStore):
    """Told here, not by Django's signal of a sign-out: that one comes while the session still opens every door."""

    @override
    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        super().delete(session_key)
        if key is not None:
            publish(SessionEnded(key))

    @override
    def cycle_key(self) -> None:
        """As Django does it, but the old key has not ended: whoever had it has the new one."""
        data, key = dict(self.items()), self.session_key
        self.create()
        self._session_cache = data
        if key is not None:
            super().delete(key)
            assert self.session_key is not None
            publish(SessionRenewed(key, self.session_key))
