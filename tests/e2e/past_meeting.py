"""What calls leave behind: a list, bans of both kinds, and a run with a log. Run inside `palaver manage shell`."""

from datetime import timedelta

from palaver.kernel.clock import system_clock
from palaver.kernel.ids import MeetingId
from palaver.meetings import memberships, selectors, services, sessions
from palaver.meetings.models import Meeting
from palaver.meetings.policy import AuditAction, MeetingRole
from palaver.meetings.services import Someone

TITLE = "Autumn term planning of the whole school, with parents and teachers"
LISTED = {
    "dora@example.org": MeetingRole.HOST,
    "emil.with.a.very.long.name.indeed@department.example.org": MeetingRole.VIEWER,
}
STAYS = {"u_a": "Alice Example", "g_b": "Bob", "g_l": "A guest whose name is rather long for a table"}


def leave_behind(meeting_id: str) -> str:
    """Fill a meeting; returns the id of its run."""
    now = system_clock() - timedelta(hours=1)
    meeting = Meeting.objects.select_related("owner").get(pk=meeting_id)
    key = MeetingId(meeting.pk)
    services.rename_meeting(meeting, title=TITLE)
    managed = selectors.access_managed_meeting(meeting.owner, meeting.pk)
    for email, role in LISTED.items():
        memberships.add_member(managed, whom=email, role=role, is_trusted=role is MeetingRole.HOST, now=now)
    for name, network in (("Eve Moneypenny-Featherstonehaugh", None), ("Mallory", "192.0.2.1")):
        made = services.ban(
            key, identity=f"g_{name[:3]}", user_id=None, network=network, display_name=name, by_name="Alice Example",
            by_user_id=None, reason="Shouted at others, twice.", now=now,
        )  # fmt: skip
        if network is None:
            services.lift_ban(meeting, made.pk, now=now)
    run = sessions.open_or_continue_session(key, now=now)
    assert run is not None
    for identity, name in STAYS.items():
        is_alice = identity == "u_a"
        sessions.record_join(
            run.session_id, identity=identity, display_name=name, is_signed_in=is_alice, user_id=None, now=now
        )
    alice, bob = Someone("u_a", STAYS["u_a"]), Someone("g_b", STAYS["g_b"])
    services.record_audit(run.session_id, actor=alice, action=AuditAction.ADMIT, target=bob, now=now)
    services.record_audit(
        run.session_id, actor=alice, action=AuditAction.CHANGE_ROLE, target=bob, detail={"role": "co_host"}, now=now
    )
    services.record_audit(run.session_id, actor=alice, action=AuditAction.MUTE_ALL, now=now)
    sessions.record_leave(run.session_id, identity="g_b", now=now + timedelta(minutes=12))
    sessions.end_session(run.session_id, now=now + timedelta(minutes=50))
    return str(run.session_id)
