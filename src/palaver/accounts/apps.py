"""Django's entry to this room."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "palaver.accounts"
    label = "accounts"
    verbose_name = "Accounts"
