"""Django's entry to this room."""

from django.apps import AppConfig


class MeetingsConfig(AppConfig):
    """Meetings."""

    name = "palaver.meetings"
    label = "meetings"
    verbose_name = "Meetings"
