"""Every command that can be given in a room. A feature adds its own here, with its rows of the permission table."""

from typing import Final

from palaver.chat.commands import CHAT_COMMANDS, CHAT_PERMISSIONS
from palaver.live.commands import CommandRegistry
from palaver.live.domain.permissions import ROOM_PERMISSIONS
from palaver.live.room_specs import ROOM_SPECS


def build_registry() -> CommandRegistry:
    """All commands of this installation."""
    registry = CommandRegistry()
    for spec in ROOM_SPECS:
        registry.register(spec, permissions=ROOM_PERMISSIONS)
    for chat_command in CHAT_COMMANDS:
        registry.register(chat_command, permissions=CHAT_PERMISSIONS)
    return registry


REGISTRY: Final = build_registry()
