"""Every command of the room, as people may wish for it: for tests that play them all."""

from typing import Any, Final

from hypothesis import strategies as st

from palaver.live.domain import (
    lobby,
    moderation_commands as moderation,
    presenting_commands as presenting,
    room_commands as room,
    together_commands as together,
)
from palaver.live.domain.people import ParticipantId, Reaction, Role, Standing
from palaver.live.domain.sources import Source
from palaver.meetings.policy import Rights, WaitingRoom

# Ids of the tests are `p<socket>`; some of these name nobody.
participant_ids = st.integers(1, 12).map(lambda number: ParticipantId(f"p{number}"))
names = st.sampled_from(["Bob", "B\u202eob", " ", "x" * 200, "Åsa"])

WISHES: Final[dict[str, st.SearchStrategy[Any]]] = {
    "rename_self": st.builds(room.RenameSelf, names),
    "leave": st.builds(room.Leave),
    "end_for_all": st.builds(room.EndForAll),
    "media_ticket": st.builds(room.RequestMediaTicket),
    "knock": st.builds(lobby.Knock, names),
    "admit": st.builds(lobby.Admit, participant_ids),
    "admit_all": st.builds(lobby.AdmitAll),
    "deny": st.builds(lobby.Deny, participant_ids),
    "deny_all": st.builds(lobby.DenyAll),
    "set_lock": st.builds(moderation.SetLock, st.booleans()),
    "set_waiting_room": st.builds(moderation.SetWaitingRoom, st.sampled_from(WaitingRoom)),
    "remove_participant": st.builds(moderation.RemoveParticipant, participant_ids),
    "ban_participant": st.builds(moderation.BanParticipant, participant_ids, names, st.sampled_from([None, 7])),
    "set_role": st.builds(moderation.SetRole, participant_ids, st.sampled_from(Role)),
    "rename_participant": st.builds(moderation.RenameParticipant, participant_ids, names),
    "mute_participant": st.builds(moderation.MuteParticipant, participant_ids, st.sampled_from(Source)),
    "mute_all": st.builds(moderation.MuteAll, st.booleans()),
    "ask_to_unmute": st.builds(moderation.AskToUnmute, participant_ids),
    "set_rights": st.builds(moderation.SetRights, st.builds(Rights, microphone=st.booleans(), rename=st.booleans())),
    "set_suspended": st.builds(moderation.SetSuspended, st.booleans()),
    "set_spotlight": st.builds(moderation.SetSpotlight, st.lists(participant_ids, max_size=3).map(tuple)),
    "set_one_presenter": st.builds(presenting.SetOnePresenter, st.booleans()),
    "share_take": st.builds(presenting.ShareTake),
    "share_release": st.builds(presenting.ShareRelease),
    "share_ask": st.builds(presenting.ShareAsk, st.booleans()),
    "share_hand_over": st.builds(presenting.ShareHandOver, participant_ids),
    "share_revoke": st.builds(presenting.ShareRevoke),
    "raise_hand": st.builds(together.RaiseHand),
    "lower_hand": st.builds(together.LowerHand),
    "lower_hand_of": st.builds(together.LowerHandOf, participant_ids),
    "lower_all_hands": st.builds(together.LowerAllHands),
    "react": st.builds(together.React, st.sampled_from(Reaction)),
    "set_standing": st.builds(together.SetStanding, st.sampled_from(Standing)),
}
