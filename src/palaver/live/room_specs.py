"""The room's own commands, as the registry takes them: wire form, pure form, what it does, the switch it needs."""

from typing import Any, Final

from palaver.live import order_wire as ow, wire
from palaver.live.commands import CommandSpec
from palaver.live.domain import (
    lobby,
    moderation_commands as moderation,
    presenting_commands as presenting,
    room_commands as room,
    together_commands as together,
)
from palaver.live.domain.people import ParticipantId
from palaver.meetings.policy import RIGHT_NAMES, Rights


def _pid(given: Any) -> ParticipantId:
    return ParticipantId(given.participant_id)


def _rights(given: wire.RightsWire) -> Rights:
    return Rights(**{name: getattr(given, name) for name in RIGHT_NAMES})


# Any: each spec keeps its own pair of types together; a list of specs of different pairs has no better type.
ROOM_SPECS: Final[tuple[CommandSpec[Any, Any], ...]] = (
    CommandSpec("rename_self", wire.RenameSelf, lambda w: room.RenameSelf(w.name), room.rename_self, right="rename"),
    CommandSpec("leave", wire.Leave, lambda given: room.Leave(given.is_for_good), room.leave),
    CommandSpec("end_for_all", wire.EndForAll, lambda _: room.EndForAll(), room.end_for_all),
    CommandSpec(
        "media_ticket",
        wire.RequestMediaTicket,
        lambda _: room.RequestMediaTicket(),
        room.request_media_ticket,
        result_type=wire.MediaTicketResult,
    ),
    # the door
    CommandSpec("knock", ow.Knock, lambda w: lobby.Knock(w.note), lobby.knock),
    CommandSpec("admit", ow.Admit, lambda w: lobby.Admit(_pid(w)), lobby.admit),
    CommandSpec("admit_all", ow.AdmitAll, lambda _: lobby.AdmitAll(), lobby.admit_all),
    CommandSpec("deny", ow.Deny, lambda w: lobby.Deny(_pid(w)), lobby.deny),
    CommandSpec("deny_all", ow.DenyAll, lambda _: lobby.DenyAll(), lobby.deny_all),
    CommandSpec("set_lock", ow.SetLock, lambda w: moderation.SetLock(w.is_locked), moderation.set_lock),
    CommandSpec(
        "set_waiting_room",
        ow.SetWaitingRoom,
        lambda w: moderation.SetWaitingRoom(w.waiting_room),
        moderation.set_waiting_room,
    ),
    # order
    CommandSpec(
        "remove_participant",
        ow.RemoveParticipant,
        lambda w: moderation.RemoveParticipant(_pid(w)),
        moderation.remove_participant,
    ),
    CommandSpec(
        "ban_participant",
        ow.BanParticipant,
        lambda w: moderation.BanParticipant(_pid(w), w.reason, w.days),
        moderation.ban_participant,
    ),
    CommandSpec("set_role", ow.SetRole, lambda w: moderation.SetRole(_pid(w), w.role), moderation.set_role),
    CommandSpec(
        "rename_participant",
        ow.RenameParticipant,
        lambda w: moderation.RenameParticipant(_pid(w), w.name),
        moderation.rename_participant,
    ),
    CommandSpec(
        "mute_participant",
        ow.MuteParticipant,
        lambda w: moderation.MuteParticipant(_pid(w), w.source),
        moderation.mute_participant,
        event_types=(ow.StoppedBy,),
    ),
    CommandSpec(
        "mute_all",
        ow.MuteAll,
        lambda w: moderation.MuteAll(w.may_unmute),
        moderation.mute_all,
        event_types=(ow.StoppedBy,),
    ),
    CommandSpec(
        "ask_to_unmute",
        ow.AskToUnmute,
        lambda w: moderation.AskToUnmute(_pid(w)),
        moderation.ask_to_unmute,
        event_types=(ow.AskedToUnmute,),
    ),
    CommandSpec("set_rights", ow.SetRights, lambda w: moderation.SetRights(_rights(w.rights)), moderation.set_rights),
    CommandSpec(
        "set_suspended", ow.SetSuspended, lambda w: moderation.SetSuspended(w.is_suspended), moderation.set_suspended
    ),
    CommandSpec(
        "set_spotlight",
        ow.SetSpotlight,
        lambda w: moderation.SetSpotlight(tuple(map(ParticipantId, w.participant_ids))),
        moderation.set_spotlight,
    ),
    # presenting
    CommandSpec(
        "set_one_presenter",
        ow.SetOnePresenter,
        lambda w: presenting.SetOnePresenter(w.is_on),
        presenting.set_one_presenter,
    ),
    CommandSpec("share_take", ow.ShareTake, lambda _: presenting.ShareTake(), presenting.share_take),
    CommandSpec("share_release", ow.ShareRelease, lambda _: presenting.ShareRelease(), presenting.share_release),
    CommandSpec("share_ask", ow.ShareAsk, lambda w: presenting.ShareAsk(w.is_asking), presenting.share_ask),
    CommandSpec(
        "share_hand_over", ow.ShareHandOver, lambda w: presenting.ShareHandOver(_pid(w)), presenting.share_hand_over
    ),
    CommandSpec("share_revoke", ow.ShareRevoke, lambda _: presenting.ShareRevoke(), presenting.share_revoke),
    # being together
    CommandSpec("raise_hand", ow.RaiseHand, lambda _: together.RaiseHand(), together.raise_hand),
    CommandSpec("lower_hand", ow.LowerHand, lambda _: together.LowerHand(), together.lower_hand),
    CommandSpec(
        "lower_hand_of",
        ow.LowerHandOf,
        lambda w: together.LowerHandOf(_pid(w)),
        together.lower_hand_of,
        event_types=(ow.HandLoweredBy,),
    ),
    CommandSpec(
        "lower_all_hands",
        ow.LowerAllHands,
        lambda _: together.LowerAllHands(),
        together.lower_all_hands,
        event_types=(ow.HandLoweredBy,),
    ),
    CommandSpec(
        "react",
        ow.React,
        lambda w: together.React(w.reaction),
        together.react,
        right="reactions",
        event_types=(ow.Reacted,),
    ),
    CommandSpec("set_standing", ow.SetStanding, lambda w: together.SetStanding(w.standing), together.set_standing),
)
