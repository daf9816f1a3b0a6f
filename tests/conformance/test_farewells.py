"""How a server lets people go, and what the others learn of it."""

from __future__ import annotations

import pytest
from livekit.protocol import models, rtc

from tests.conformance.client import WireClient, dial, dual_path, token
from tests.servers.sfu import SfuAddress

pytestmark = [pytest.mark.interop, pytest.mark.timeout(90)]


async def departure(client: WireClient) -> models.ParticipantInfo:
    """The first participant that is gone, by `client`'s account."""
    while True:
        for participant in (await client.until("update")).participants:
            if participant.state == models.ParticipantInfo.DISCONNECTED:
                found: models.ParticipantInfo = participant
                return found


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (models.USER_REJECTED, models.USER_REJECTED),
        (models.PARTICIPANT_REMOVED, models.CLIENT_INITIATED),
    ],
)
async def test_the_others_learn_why_a_client_left(
    server: SfuAddress, room: str, reason: models.DisconnectReason, told: models.DisconnectReason
) -> None:
    async with dial(server, dual_path(), token(server, "bob", room)) as bob:
        await bob.until("join")
        async with dial(server, dual_path(), token(server, "alice", room)) as alice:
            await alice.until("join")
            await alice.send(leave=rtc.LeaveRequest(reason=reason))
            gone = await departure(bob)
            assert (gone.identity, gone.disconnect_reason) == ("alice", told)


async def test_a_rehearsed_leave_of_the_server_says_so(server: SfuAddress, room: str) -> None:
    async with dial(server, dual_path(), token(server, "alice", room)) as alice:
        await alice.until("join")
        await alice.send(simulate=rtc.SimulateScenario(server_leave=True))
        leave = await alice.until("leave")
        assert (leave.reason, leave.action) == (models.SERVER_SHUTDOWN, rtc.LeaveRequest.DISCONNECT)


@pytest.mark.parametrize(
    "scenario", [rtc.SimulateScenario(node_failure=True), rtc.SimulateScenario(migration=True)], ids=["failure", "move"]
)
async def test_after_a_rehearsed_loss_of_the_server_there_is_nothing_to_resume(
    server: SfuAddress, room: str, scenario: rtc.SimulateScenario
) -> None:
    """Ours says that the client shall come in anew; the reference just hangs up, and says so when it is asked."""
    bearer = token(server, "alice", room)
    async with dial(server, dual_path(), bearer) as alice:
        sid = (await alice.until("join")).participant.sid
        await alice.send(simulate=scenario)
        async for frame in alice.socket:
            assert isinstance(frame, bytes)
            said = rtc.SignalResponse.FromString(frame)
            assert not said.HasField("leave") or said.leave.action == rtc.LeaveRequest.RECONNECT
    async with dial(server, dual_path(reconnect="1", sid=sid), bearer) as back:
        assert (await back.next()).leave.action == rtc.LeaveRequest.RECONNECT
