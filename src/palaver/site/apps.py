"""Django's entry to this room."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Site."""

    name = "palaver.site"
    label = "palaver_site"
    verbose_name = "Site"
