"""What this room tells the others, after commit."""

from dataclasses import dataclass

from palaver.kernel.ids import UserId


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person has signed in. With a mail server, their address has been checked by then."""

    user_id: UserId
