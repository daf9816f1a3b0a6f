"""Who hears which fact. The only list; see `palaver.kernel.facts`."""

from collections.abc import Mapping

from palaver.kernel.facts import Subscriber

SUBSCRIBERS: Mapping[type[object], tuple[Subscriber, ...]] = {}
