"""The one edit of offers that is made here."""

from hypothesis import given, strategies as st

from palaver_sfu.adapters.offer_text import keep_codecs
from palaver_sfu.room.values import Mid

OFFER = "\r\n".join(
    [
        "v=0",
        "o=- 1 2 IN IP4 127.0.0.1",
        "m=audio 9 UDP/TLS/RTP/SAVPF 111",
        "a=mid:0",
        "a=rtpmap:111 opus/48000/2",
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


def test_a_section_keeps_every_profile_of_its_codec_and_their_retransmission() -> None:
    edited = keep_codecs(OFFER, {Mid("1"): "h264"})
    assert "m=video 9 UDP/TLS/RTP/SAVPF 103 104 109\r\n" in edited
    assert "VP8" not in edited
    assert "apt=96" not in edited
    assert "a=rtcp-fb:96" not in edited
    assert "apt=103" in edited
    assert edited.endswith("a=sendonly\r\n")
    assert "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=rtpmap:111 opus/48000/2\r\n" in edited


def test_a_codec_that_is_not_offered_changes_nothing() -> None:
    assert keep_codecs(OFFER, {Mid("1"): "av1", Mid("7"): "vp8"}) == OFFER


@given(st.text(alphabet="am=:video 9/rtpmap\r\n0123456789VP8;", max_size=300), st.sampled_from(["vp8", "h264", ""]))
def test_no_text_breaks_the_edit(text: str, codec: str) -> None:
    assert len(keep_codecs(text, {Mid(""): codec, Mid("1"): codec})) <= len(text)
