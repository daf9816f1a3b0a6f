"""What roles and deeds are called on pages. The export keeps the names of the code, which programs read."""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from palaver.meetings.models import AuditEntry
from palaver.meetings.policy import AuditAction, MeetingRole

ROLES: Final[dict[MeetingRole, Promise]] = {
    MeetingRole.OWNER: _("Owner"),
    MeetingRole.HOST: _("Host"),
    MeetingRole.CO_HOST: _("Co-host"),
    MeetingRole.MEMBER: _("Member"),
    MeetingRole.VIEWER: _("Viewer"),
}

DEEDS: Final[dict[AuditAction, Promise]] = {
    AuditAction.ADMIT: _("%(actor)s let %(target)s in"),
    AuditAction.DENY: _("%(actor)s did not let %(target)s in"),
    AuditAction.LOCK: _("%(actor)s locked the meeting"),
    AuditAction.UNLOCK: _("%(actor)s unlocked the meeting"),
    AuditAction.CHANGE_ROLE: _("%(actor)s gave %(target)s another role"),
    AuditAction.HAND_OVER: _("%(target)s runs the meeting instead of %(actor)s"),
    AuditAction.GIVE_BACK: _("%(actor)s gave the meeting back to %(target)s"),
    AuditAction.MUTE: _("%(actor)s muted %(target)s"),
    AuditAction.MUTE_ALL: _("%(actor)s muted everyone"),
    AuditAction.ASK_TO_UNMUTE: _("%(actor)s asked %(target)s to unmute"),
    AuditAction.STOP_CAMERA: _("%(actor)s stopped the camera of %(target)s"),
    AuditAction.STOP_SCREEN_SHARE: _("%(actor)s stopped the screen of %(target)s"),
    AuditAction.CHANGE_RIGHTS: _("%(actor)s changed what people may do"),
    AuditAction.SPOTLIGHT: _("%(actor)s put %(target)s in front for everyone"),
    AuditAction.CLEAR_SPOTLIGHT: _("%(actor)s put nobody in front any more"),
    AuditAction.ASSIGN_PRESENTER: _("%(actor)s made %(target)s the presenter"),
    AuditAction.REVOKE_PRESENTER: _("%(actor)s ended the presentation of %(target)s"),
    AuditAction.LOWER_HAND: _("%(actor)s lowered the hand of %(target)s"),
    AuditAction.LOWER_ALL_HANDS: _("%(actor)s lowered all hands"),
    AuditAction.RENAME: _("%(actor)s gave %(target)s another name"),
    AuditAction.REMOVE: _("%(actor)s removed %(target)s"),
    AuditAction.BAN: _("%(actor)s banned %(target)s"),
    AuditAction.LIFT_BAN: _("%(actor)s lifted the ban of %(target)s"),
    AuditAction.SUSPEND: _("%(actor)s stopped everything"),
    AuditAction.RESUME: _("%(actor)s let the meeting go on"),
    AuditAction.DELETE_MESSAGE: _("%(actor)s deleted a message of %(target)s"),
    AuditAction.DELETE_FILE: _("%(actor)s deleted a file of %(target)s"),
    AuditAction.END: _("%(actor)s ended the meeting for everyone"),
}


def deed(entry: AuditEntry) -> str:
    """One line of the log as a sentence."""
    names = {"actor": entry.actor_name, "target": entry.target_name or _("everyone")}
    return str(DEEDS[AuditAction(entry.action)]) % names


def details(entry: AuditEntry) -> str:
    """What a line of the log adds, in short."""
    return ", ".join(
        f"{name}: {ROLES[MeetingRole(value)] if name == 'role' and value in set(MeetingRole) else value}"
        for name, value in entry.detail.items()
    )
