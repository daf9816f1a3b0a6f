"""The Django app of the chat."""

from django.apps import AppConfig


class ChatConfig(AppConfig):
    """Names the app."""

    name = "palaver.chat"
    label = "chat"
