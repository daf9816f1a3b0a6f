"""Limits on guessing, counted in the database: they hold without any cache and across processes.

A limit counts tries of one key (an account, a network, a link) in a fixed window. The increment is one atomic upsert,
so parallel tries cannot slip past. Keys are stored as keyed hashes: the table tells nobody who tried what.
"""

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import F

from palaver.accounts.models import AttemptCounter


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` of one key per `window`."""

    scope: str
    tries: int
    window: timedelta


_TEN_MINUTES = timedelta(minutes=10)
_HOUR = timedelta(hours=1)

# A person who mistypes gets through; a guesser gets nowhere. Networks are larger: a school shares one address, and
# signs in within the same few minutes. For a network only what failed counts: one guess at each of 200 accounts.
SIGN_IN_BY_ACCOUNT_AND_NETWORK = Limit("sign-in-pair", 8, _TEN_MINUTES)
SIGN_IN_BY_ACCOUNT = Limit("sign-in-account", 20, _TEN_MINUTES)
SIGN_IN_BY_NETWORK = Limit("sign-in-network", 200, _TEN_MINUTES)
SIGN_UP_BY_NETWORK = Limit("sign-up-network", 30, _HOUR)
RESET_BY_ACCOUNT = Limit("reset-account", 3, _HOUR)
RESET_BY_NETWORK = Limit("reset-network", 20, _HOUR)
CONTACT_BY_NETWORK = Limit("contact-network", 5, _HOUR)
SETUP_BY_NETWORK = Limit("setup-network", 10, _TEN_MINUTES)
INVITATION_BY_NETWORK = Limit("invitation-network", 20, _TEN_MINUTES)
MEETING_LINK_BY_NETWORK = Limit("meeting-link-network", 30, _TEN_MINUTES)
# A class behind one address mistypes its meeting's password now and then. Who has the link and many networks guesses on
# at the lower rate of the meeting; those on its list and those who are inside need no password and are not held up.
MEETING_PASSWORD_BY_NETWORK = Limit("meeting-password-pair", 10, _TEN_MINUTES)
MEETING_PASSWORD = Limit("meeting-password", 20, _TEN_MINUTES)
MEETING_LINK_BY_ACCOUNT = Limit("meeting-link-account", 30, _TEN_MINUTES)
PICTURE_BY_ACCOUNT = Limit("picture-account", 30, _HOUR)
PASSWORD_BY_ACCOUNT = Limit("password-account", 8, _TEN_MINUTES)


UNKNOWN_NETWORK = "unknown"


def network_of(address: str | None) -> str:
    """The network that counts as one source: the address itself, or the /64 of an IPv6 address.

    One household or attacker holds a whole /64 (RFC 6177), so single IPv6 addresses mean nothing.
    """
    try:
        ip = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def count_attempt(limit: Limit, key: str, *, now: datetime) -> bool:
    """Count one try. True while the key is within its limit, this try included."""
    second = int(now.timestamp())
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO accounts_attemptcounter (scope, key_hash, window_ends_at_s, count) VALUES (%s, %s, %s, 1)
            ON CONFLICT (scope, key_hash) DO UPDATE SET
              count = CASE WHEN accounts_attemptcounter.window_ends_at_s <= %s
                           THEN 1 ELSE accounts_attemptcounter.count + 1 END,
              window_ends_at_s = CASE WHEN accounts_attemptcounter.window_ends_at_s <= %s
                                      THEN excluded.window_ends_at_s ELSE accounts_attemptcounter.window_ends_at_s END
            RETURNING count
            """,
            [limit.scope, _key_hash(limit, key), second + int(limit.window.total_seconds()), second, second],
        )
        row = cursor.fetchone()
    return bool(row[0] <= limit.tries)


def count_attempts(tries: Iterable[tuple[Limit, str]], *, now: datetime) -> bool:
    """Count one try of several keys, the narrowest first. True only if all are within their limits.

    What one refuses is not counted by those after it: who hammers from one network uses up the tries of that network,
    and not those that everybody shares.
    """
    return all(count_attempt(limit, key, now=now) for limit, key in tries)


def is_exhausted(limit: Limit, key: str, *, now: datetime) -> bool:
    """Whether another try would be refused. Counts nothing."""
    return AttemptCounter.objects.filter(
        scope=limit.scope,
        key_hash=_key_hash(limit, key),
        window_ends_at_s__gt=int(now.timestamp()),
        count__gte=limit.tries,
    ).exists()


def forget_attempts(limit: Limit, key: str) -> None:
    """Start over for a key that has proved itself, as an account after a right password."""
    AttemptCounter.objects.filter(scope=limit.scope, key_hash=_key_hash(limit, key)).delete()


def take_back_attempt(limit: Limit, key: str) -> None:
    """Undo one counted try that was none, where the tries of others under the same key must stay counted."""
    counter = AttemptCounter.objects.filter(scope=limit.scope, key_hash=_key_hash(limit, key), count__gt=0)
    counter.update(count=F("count") - 1)


def drop_old_counters(*, now: datetime) -> int:
    """Remove the counters of past windows; return how many."""
    deleted, _ = AttemptCounter.objects.filter(window_ends_at_s__lte=int(now.timestamp())).delete()
    return deleted


def _key_hash(limit: Limit, key: str) -> str:
    message = f"{limit.scope}\n{key.strip().lower()}".encode("utf-8", "replace")
    return hmac.new(settings.SECRET_KEY.encode(), message, hashlib.sha256).hexdigest()
