"""The settings of this process, read once: installed by the command line, or else read from the environment."""

from palaver.config.options import Settings, read_settings

_installed: Settings | None = None


def install_settings(settings: Settings) -> None:
    """Make `settings` those of this process. Call it before Django is set up."""
    global _installed  # noqa: PLW0603  the one process-wide value, set once at start
    _installed = settings


def current_settings() -> Settings:
    """The settings of this process.

    Raises:
        SettingError: when they come from the environment and cannot be.
    """
    if _installed is None:
        install_settings(read_settings())
    assert _installed is not None
    return _installed
