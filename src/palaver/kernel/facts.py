"""Facts: frozen dataclasses in the past tense, told to subscribers after the transaction that made them true.

`config/subscribers.py` lists who hears what; there is no other way to subscribe. A subscriber that fails is logged
and does not keep the next one from hearing the fact: what happened has happened.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db import transaction

logger = logging.getLogger(__name__)

# Any: a subscriber takes exactly the fact type that it is listed under, which a mapping cannot express.
Subscriber = Callable[[Any], None]

_subscribers: dict[type[object], tuple[Subscriber, ...]] = {}


def install_subscribers(subscribers: Mapping[type[object], Iterable[Subscriber]]) -> None:
    """Replace the list of subscribers. Called once, by the composition root."""
    _subscribers.clear()
    _subscribers.update({fact_type: tuple(listed) for fact_type, listed in subscribers.items()})


def publish(fact: object) -> None:
    """Tell the subscribers of `type(fact)` once the current transaction commits; never if it rolls back.

    Subscribers run synchronously, in the thread of the transaction, so they must be quick and must not block.
    """
    transaction.on_commit(lambda: _tell(fact))


def _tell(fact: object) -> None:
    for subscriber in _subscribers.get(type(fact), ()):
        try:
            subscriber(fact)
        except Exception:
            logger.exception("A subscriber failed", extra={"fact": type(fact).__name__})
