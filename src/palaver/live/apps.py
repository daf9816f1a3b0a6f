"""The Django app of the room as it is now. It has no models: what is kept of a meeting is kept by `meetings`."""

from django.apps import AppConfig


class LiveConfig(AppConfig):
    """Names the app."""

    name = "palaver.live"
    label = "live"
