"""Who hears which fact. The only list; see `palaver.kernel.facts`."""

from collections.abc import Mapping
from typing import Final

from palaver.accounts.facts import SessionEnded, SessionRenewed, SignedIn, SignInsRevoked
from palaver.chat.facts import MessageDeleted, MessagesExpired
from palaver.files.services import forget_files, forget_meeting
from palaver.kernel.facts import Subscriber
from palaver.live.lifecycle import (
    tell_meeting_deleted,
    tell_meeting_renamed,
    tell_membership_changed,
    tell_person_banned,
    tell_policy_changed,
    tell_sign_in,
)
from palaver.meetings.facts import (
    MeetingDeleted,
    MeetingRenamed,
    MembershipChanged,
    PersonBanned,
    PolicyChanged,
)
from palaver.meetings.memberships import claim_invitations

SUBSCRIBERS: Final[Mapping[type[object], tuple[Subscriber, ...]]] = {
    SignedIn: (claim_invitations,),
    MeetingRenamed: (tell_meeting_renamed,),
    MeetingDeleted: (tell_meeting_deleted, forget_meeting),
    MessageDeleted: (forget_files,),
    MessagesExpired: (forget_files,),
    PolicyChanged: (tell_policy_changed,),
    MembershipChanged: (tell_membership_changed,),
    PersonBanned: (tell_person_banned,),
    SessionEnded: (tell_sign_in,),
    SessionRenewed: (tell_sign_in,),
    SignInsRevoked: (tell_sign_in,),
}
