"""Django's entry to this room."""

from django.apps import AppConfig


class FilesConfig(AppConfig):
    """Files of meetings."""

    name = "palaver.files"
    label = "files"
    verbose_name = "Files"
