"""Sound with two channels is offered with a word that says so, and other sound is not."""

from palaver_sfu.room.values import Mid, OpusWish, TrackKind, TrackSid, TrackSource
from palaver_sfu.session.inputs import OfferMade
from palaver_sfu.session.messages import ServerOffer
from palaver_sfu.tests.rehearsal import Stage
from palaver_sfu.tests.test_dual import join_dual, offers

STEREO, MONO = (OpusWish(may_use_dtx=False, is_stereo=is_stereo) for is_stereo in (True, False))
SECTION = (
    "m=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=mid:{}\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
    "a=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n"
)


def sing(stage: Stage, cid: str, wish: OpusWish) -> TrackSid:
    return stage.publish(
        "alice", cid=cid, kind=TrackKind.AUDIO, source=TrackSource.MICROPHONE, mime_type="audio/opus", opus=wish
    )


def test_only_the_sections_with_two_channels_say_so() -> None:
    stage = Stage()
    stage.join("alice")
    music, voice = sing(stage, "music", STEREO), sing(stage, "voice", MONO)
    join_dual(stage, "bob")
    effect = offers(stage, stage.session("bob").sid)[-1]
    head, video = "v=0\r\na=mid:s0\r\n", "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:s2\r\na=rtpmap:96 VP8/90000\r\n"
    text = head + SECTION.format("s0") + SECTION.format("s1") + video
    mids = {Mid("s0"): music, Mid("s1"): voice}
    stage.step(OfferMade(peer=effect.peer, offer_id=effect.offer_id, sdp=text, mid_to_track=mids))
    told = stage.told("bob", ServerOffer)[-1].sdp
    stereo = SECTION.format("s0").replace("useinbandfec=1", "useinbandfec=1;sprop-stereo=1")
    assert told == head + stereo + SECTION.format("s1") + video
