"""What this room tells the others, after commit: sign-ins that begin, and that end."""

from dataclasses import dataclass, field

from palaver.kernel.ids import UserId


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person has signed in. With a mail server, their address has been checked by then."""

    user_id: UserId


@dataclass(frozen=True, slots=True)
class SessionEnded:
    """A browser has signed out, or is somebody else's now."""

    session_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionRenewed:
    """The same browser and person go on under another key."""

    old_key: str = field(repr=False)
    new_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInsRevoked:
    """A password was changed, or an account closed: a person is signed in nowhere any more, but where it was done."""

    user_id: UserId
    kept_session_key: str | None = field(default=None, repr=False)
