"""The Django app of the composition root: it connects facts with those who hear them."""

from django.apps import AppConfig
from typing_extensions import override

from palaver.kernel.facts import install_subscribers


class CompositionConfig(AppConfig):
    """Has no models; `ready` is where the application is put together."""

    name = "palaver.config"
    label = "palaver_config"

    @override
    def ready(self) -> None:
        # Subscribers and ports import models, which exist from here on.
        from palaver.chat import ports as chat_ports
        from palaver.config.feature_ports import CHAT_PORTS, FILE_PORTS
        from palaver.config.subscribers import SUBSCRIBERS
        from palaver.files import ports as file_ports

        install_subscribers(SUBSCRIBERS)
        chat_ports.install_ports(CHAT_PORTS)
        file_ports.install_ports(FILE_PORTS)
