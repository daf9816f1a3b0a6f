"""Every command that can be given in a room. A feature adds its own here, with its rows of the permission table."""

from typing import Final

from palaver.live import wire
from palaver.live.commands import CommandRegistry, CommandSpec
from palaver.live.domain import room_commands as room
from palaver.live.domain.people import ParticipantId
from palaver.live.domain.permissions import ROOM_PERMISSIONS


def build_registry() -> CommandRegistry:
    """All commands of this installation."""
    registry = CommandRegistry()
    registry.register(
        CommandSpec("rename_self", wire.RenameSelf, lambda w: room.RenameSelf(w.name), room.rename_self),
        permissions=ROOM_PERMISSIONS,
    )
    registry.register(
        CommandSpec("leave", wire.Leave, lambda _: room.Leave(), room.leave), permissions=ROOM_PERMISSIONS
    )
    registry.register(
        CommandSpec("end_for_all", wire.EndForAll, lambda _: room.EndForAll(), room.end_for_all),
        permissions=ROOM_PERMISSIONS,
    )
    registry.register(
        CommandSpec(
            "remove_participant",
            wire.RemoveParticipant,
            lambda w: room.RemoveParticipant(ParticipantId(w.participant_id)),
            room.remove_participant,
        ),
        permissions=ROOM_PERMISSIONS,
    )
    registry.register(
        CommandSpec(
            "media_ticket",
            wire.RequestMediaTicket,
            lambda _: room.RequestMediaTicket(),
            room.request_media_ticket,
            result_type=wire.MediaTicketResult,
        ),
        permissions=ROOM_PERMISSIONS,
    )
    return registry


REGISTRY: Final = build_registry()
