"""The live WebSocket as types, second part: commands that keep order, and news that leave no trace in the state.

What lives here: the shapes, and nothing else. Each command is told apart by `kind`, each piece of news too.
"""

from typing import Annotated, Literal

from pydantic import Field, Strict, StringConstraints

from palaver.live.domain.lobby import MAX_NOTE_CHARS
from palaver.live.domain.moderation_commands import MAX_REASON_CHARS
from palaver.live.domain.people import Reaction, Role, Standing
from palaver.live.domain.sources import Source
from palaver.live.wire import NameInput, RightsWire, ShortText, Wire
from palaver.meetings.policy import WaitingRoom

# Cleaned, then cut: a little more is taken than is kept.
NoteInput = Annotated[str, StringConstraints(max_length=MAX_NOTE_CHARS * 2)]
ReasonInput = Annotated[str, StringConstraints(max_length=MAX_REASON_CHARS * 2)]
# Values are never coerced, but JSON has no enumerations: here the text is what is meant, and any other is refused.
RoleInput = Annotated[Role, Strict(False)]
WaitingRoomInput = Annotated[WaitingRoom, Strict(False)]
SourceInput = Annotated[Source, Strict(False)]
ReactionInput = Annotated[Reaction, Strict(False)]
StandingInput = Annotated[Standing, Strict(False)]
BanDays = Annotated[int, Field(ge=1, le=3650)]


# --- the door --------------------------------------------------------------------------------


class Knock(Wire):
    """Ask again to be let in, with a word to the hosts or without. For people at the door."""

    kind: Literal["knock"] = "knock"
    note: NoteInput = ""


class Admit(Wire):
    """Let somebody in."""

    kind: Literal["admit"] = "admit"
    participant_id: ShortText


class AdmitAll(Wire):
    """Let everybody in who is at the door."""

    kind: Literal["admit_all"] = "admit_all"


class Deny(Wire):
    """Do not let somebody in; they may ask again after a minute."""

    kind: Literal["deny"] = "deny"
    participant_id: ShortText


class DenyAll(Wire):
    """Send everybody away who is at the door."""

    kind: Literal["deny_all"] = "deny_all"


class SetLock(Wire):
    """Close the room to newcomers, or open it."""

    kind: Literal["set_lock"] = "set_lock"
    is_locked: bool


class SetWaitingRoom(Wire):
    """Who waits at the door, for this run."""

    kind: Literal["set_waiting_room"] = "set_waiting_room"
    waiting_room: WaitingRoomInput


# --- order -----------------------------------------------------------------------------------


class RemoveParticipant(Wire):
    """Put somebody out; they cannot come back in this meeting session."""

    kind: Literal["remove_participant"] = "remove_participant"
    participant_id: ShortText


class BanParticipant(Wire):
    """Put somebody out of this and all later runs. Without `days`: an account until it is lifted, a guest for a day."""

    kind: Literal["ban_participant"] = "ban_participant"
    participant_id: ShortText
    reason: ReasonInput = ""
    days: BanDays | None = None


class SetRole(Wire):
    """Give somebody another role for the rest of the run."""

    kind: Literal["set_role"] = "set_role"
    participant_id: ShortText
    role: RoleInput


class RenameParticipant(Wire):
    """Give somebody else another name."""

    kind: Literal["rename_participant"] = "rename_participant"
    participant_id: ShortText
    name: NameInput


class MuteParticipant(Wire):
    """Stop a source of somebody; they may start it again."""

    kind: Literal["mute_participant"] = "mute_participant"
    participant_id: ShortText
    source: SourceInput


class MuteAll(Wire):
    """Mute all who do not moderate, with or without the right to unmute."""

    kind: Literal["mute_all"] = "mute_all"
    may_unmute: bool


class AskToUnmute(Wire):
    """Say that one would like to hear somebody."""

    kind: Literal["ask_to_unmute"] = "ask_to_unmute"
    participant_id: ShortText


class SetRights(Wire):
    """The switches for everybody who does not moderate, all at once, for this run."""

    kind: Literal["set_rights"] = "set_rights"
    rights: RightsWire


class SetSuspended(Wire):
    """Stop everything for all who do not moderate, or let it go on."""

    kind: Literal["set_suspended"] = "set_suspended"
    is_suspended: bool


class SetSpotlight(Wire):
    """Who has the big place on everybody's screen, at most two; nobody clears it."""

    kind: Literal["set_spotlight"] = "set_spotlight"
    participant_ids: Annotated[list[ShortText], Field(max_length=16)]


# --- presenting ------------------------------------------------------------------------------


class SetOnePresenter(Wire):
    """Whether only one person may share a screen at a time."""

    kind: Literal["set_one_presenter"] = "set_one_presenter"
    is_on: bool


class ShareTake(Wire):
    """Ask for the right to share now; to be given before a screen is shared."""

    kind: Literal["share_take"] = "share_take"


class ShareRelease(Wire):
    """Give the right to share back."""

    kind: Literal["share_release"] = "share_release"


class ShareAsk(Wire):
    """Ask the presenter and the moderators to present, or take that back."""

    kind: Literal["share_ask"] = "share_ask"
    is_asking: bool


class ShareHandOver(Wire):
    """Make somebody the presenter: by the presenter or a moderator."""

    kind: Literal["share_hand_over"] = "share_hand_over"
    participant_id: ShortText


class ShareRevoke(Wire):
    """Take presenting away from whoever presents."""

    kind: Literal["share_revoke"] = "share_revoke"


# --- being together --------------------------------------------------------------------------


class RaiseHand(Wire):
    """Ask to speak."""

    kind: Literal["raise_hand"] = "raise_hand"


class LowerHand(Wire):
    """Lower one's own hand."""

    kind: Literal["lower_hand"] = "lower_hand"


class LowerHandOf(Wire):
    """Lower somebody else's hand."""

    kind: Literal["lower_hand_of"] = "lower_hand_of"
    participant_id: ShortText


class LowerAllHands(Wire):
    """Lower every hand."""

    kind: Literal["lower_all_hands"] = "lower_all_hands"


class React(Wire):
    """Show a reaction; at most two a second."""

    kind: Literal["react"] = "react"
    reaction: ReactionInput


class SetStanding(Wire):
    """Say whether one is following."""

    kind: Literal["set_standing"] = "set_standing"
    standing: StandingInput


# --- news ------------------------------------------------------------------------------------


class Reacted(Wire):
    """Somebody shows a reaction."""

    kind: Literal["reacted"] = "reacted"
    participant_id: str
    reaction: Reaction


class AskedToUnmute(Wire):
    """A moderator would like to hear you."""

    kind: Literal["asked_to_unmute"] = "asked_to_unmute"
    by: str


class StoppedBy(Wire):
    """A moderator stopped a source of yours."""

    kind: Literal["stopped_by"] = "stopped_by"
    source: Source
    by: str
    may_resume: bool


class HandLoweredBy(Wire):
    """A moderator lowered your hand."""

    kind: Literal["hand_lowered_by"] = "hand_lowered_by"
    by: str
