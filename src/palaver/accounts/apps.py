"""Django's entry to this room."""

from django.apps import AppConfig
from typing_extensions import override


class AccountsConfig(AppConfig):
    """Accounts."""

    name = "palaver.accounts"
    label = "accounts"
    verbose_name = "Accounts"

    @override
    def ready(self) -> None:
        # Names models, which exist from here on.
        from palaver.accounts import revocations

        revocations.connect()
