"""What clients measure of themselves is for those who may read it, and for nobody else."""

from livekit.protocol import metrics, models

from palaver_sfu.tests.serving import Served


def packet(*to: str) -> bytes:
    batch = metrics.MetricsBatch(timestamp_ms=1)
    return models.DataPacket(metrics=batch, destination_identities=to).SerializeToString()


async def test_a_room_sends_metrics_only_to_its_readers(sfu: Served) -> None:
    async with (
        sfu.join("alice") as alice,
        sfu.join("bob") as bob,
        sfu.join("carol", can_subscribe_metrics=True) as carol,
    ):
        sfu.media.receive_data(alice.sid, "_reliable", packet())
        user = models.DataPacket(user=models.UserPacket(payload=b"after"))
        sfu.media.receive_data(alice.sid, "_reliable", user.SerializeToString())
        for client, kinds in ((bob, ["user"]), (carol, ["metrics", "user"])):
            while len(sfu.media.peers[client.sid].received) < len(kinds):
                waiter = await client.socket.ping()
                await waiter
            arrived = [models.DataPacket.FromString(data) for _, data in sfu.media.peers[client.sid].received]
            assert [found.WhichOneof("value") for found in arrived] == kinds
