"""The edits of offers that are made here."""

from hypothesis import given, strategies as st

from palaver_sfu.adapters.offer_text import shape_offer
from palaver_sfu.room.values import Mid, OpusWish

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=rtpmap:111 opus/48000/2",
        "a=fmtp:111 minptime=10;useinbandfec=1",
        "m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 109 114",
        "a=mid:1",
        "a=rtpmap:96 VP8/90000",
        "a=rtcp-fb:96 nack pli",
        "a=rtpmap:97 rtx/90000",
        "a=fmtp:97 apt=96",
        "a=rtpmap:103 H264/90000",
        "a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f",
        "a=rtpmap:104 rtx/90000",
        "a=fmtp:104 apt=103",
        "a=rtpmap:109 H264/90000",
        "a=rtpmap:114 red/90000",
        "a=sendonly",
        "",
    ]
)


def test_a_section_puts_its_codec_and_its_retransmission_first_and_keeps_the_others() -> None:
    edited = shape_offer(OFFER, codecs={Mid("1"): "h264"}, opus={})
    assert "m=video 9 UDP/TLS/RTP/SAVPF 103 104 109 96 97 114\r\n" in edited
    assert sorted(edited.replace(" 103 104 109 96 97 114", "").split("\r\n")) == sorted(
        OFFER.replace(" 96 97 103 104 109 114", "").split("\r\n")
    )
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n" in edited


def test_dtx_and_stereo_stand_where_they_are_wanted_and_only_there() -> None:
    wish = {Mid("0"): OpusWish(may_use_dtx=True, is_stereo=False)}
    offered_stereo = OFFER.replace("useinbandfec=1", "useinbandfec=1;stereo=1;sprop-stereo=1")
    edited = shape_offer(offered_stereo, codecs={}, opus=wish)
    assert "a=fmtp:111 minptime=10;useinbandfec=1;usedtx=1\r\n" in edited
    assert shape_offer(edited, codecs={}, opus=wish) == edited
    music = shape_offer(OFFER, codecs={}, opus={Mid("0"): OpusWish(may_use_dtx=False, is_stereo=True)})
    assert "a=fmtp:111 minptime=10;useinbandfec=1;stereo=1;maxaveragebitrate=510000\r\n" in music
    assert shape_offer(OFFER, codecs={}, opus={Mid("1"): wish[Mid("0")], Mid("9"): wish[Mid("0")]}) == OFFER


def test_red_comes_first_where_it_may_be_used_and_is_left_out_where_it_may_not() -> None:
    offer = OFFER.replace("SAVPF 111\r\n", "SAVPF 111 63 9\r\n").replace(
        "a=rtpmap:111 opus/48000/2\r\n", "a=rtpmap:111 opus/48000/2\r\na=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\n"
    )
    for may_use_red, formats in [(True, "63 111 9"), (False, "111 9")]:
        wish = OpusWish(may_use_dtx=False, is_stereo=False, may_use_red=may_use_red)
        edited = shape_offer(offer, codecs={Mid("0"): "opus"}, opus={Mid("0"): wish})
        assert f"m=audio 9 UDP/TLS/RTP/SAVPF {formats}\r\n" in edited
    assert shape_offer(offer, codecs={}, opus={}) == offer, "a section that receives takes what it knows"


def test_a_codec_that_is_not_offered_changes_nothing() -> None:
    assert shape_offer(OFFER, codecs={Mid("1"): "av1", Mid("7"): "vp8"}, opus={}) == OFFER


@given(st.text(alphabet="am=:video 9/rtpmap\r\n0123456789VP8;", max_size=300), st.sampled_from(["vp8", "h264", ""]))
def test_no_text_breaks_the_edit(text: str, codec: str) -> None:
    mids = {Mid(""), Mid("1")}
    edited = shape_offer(
        text, codecs=dict.fromkeys(mids, codec), opus=dict.fromkeys(mids, OpusWish(may_use_dtx=True, is_stereo=True))
    )
    assert edited.count("\n") == text.count("\n")


def test_codecs_that_are_switched_off_are_struck_out_with_their_retransmission() -> None:
    edited = shape_offer(OFFER, codecs={}, opus={}, disabled={"h264"})
    assert "m=video 9 UDP/TLS/RTP/SAVPF 96 97 114\r\n" in edited
    assert "H264" not in edited
    assert "apt=103" not in edited
    assert "a=rtcp-fb:96 nack pli\r\n" in edited
    assert edited.startswith(OFFER[: OFFER.index("m=video")])


def test_a_section_of_nothing_but_switched_off_codecs_names_one_that_nobody_knows() -> None:
    only = OFFER[: OFFER.index("m=video")] + "m=video 9 UDP/TLS/RTP/SAVPF 103 104\r\na=mid:1\r\n"
    only += "a=rtpmap:103 H264/90000\r\na=rtpmap:104 rtx/90000\r\na=fmtp:104 apt=103\r\n"
    edited = shape_offer(only, codecs={}, opus={}, disabled={"h264"})
    assert "m=video 9 UDP/TLS/RTP/SAVPF 103\r\na=mid:1\r\na=rtpmap:103 disabled/90000\r\n" in edited
