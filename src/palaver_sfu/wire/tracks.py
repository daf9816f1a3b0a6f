"""What clients say about the tracks that they send: the announcement of one, and what changes of it later."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from livekit.protocol import models, rtc

from palaver_sfu.errors import WireError
from palaver_sfu.room.values import BackupPolicy, OpusWish, TrackKind, TrackSid, TrackSource
from palaver_sfu.session.requests import AddTrack, DescribeTrack
from palaver_sfu.wire.infos import read_kind, read_layers, read_source

# What is said about a track is sent to everybody, again and again; clients need less than one kilobyte.
MAX_ADD_TRACK_BYTES = 16 * 1024
# There are ten features; what is said about a track goes to everybody.
MAX_AUDIO_FEATURES = 64

# A client sends two; a hostile one must not fill what everybody is told.
MAX_CODECS = 8

_FORWARDED = {TrackKind.VIDEO: {"vp8", "h264", "vp9", "av1"}, TrackKind.AUDIO: {"opus", "red"}}
_FALLBACK = {TrackKind.VIDEO: "vp8", TrackKind.AUDIO: "opus"}
# All sizes come in one stream.
_LAYERED = {"video/vp9", "video/av1"}


class UnknownKindError(WireError):
    """A track that is neither sound nor picture: of the future, perhaps."""


def read_add_track(message: rtc.AddTrackRequest) -> AddTrack:
    """Raises: WireError: of no known kind (`UnknownKindError`), or larger than any client's."""
    if message.ByteSize() > MAX_ADD_TRACK_BYTES:
        raise WireError("add_track too large")
    try:
        kind = read_kind(message.type)
    except WireError as error:
        raise UnknownKindError(str(error)) from error
    source = read_source(message.source)
    layers = _small_first(message.layers)
    if not layers and kind is TrackKind.VIDEO and message.width and message.height:
        layers = [models.VideoLayer(quality=models.HIGH, width=message.width, height=message.height)]
    details = models.TrackInfo(
        name=message.name,
        width=message.width,
        height=message.height,
        simulcast=len(layers) > 1,
        disable_dtx=message.disable_dtx,
        layers=layers,
        stereo=message.stereo,
        disable_red=message.disable_red,
        encryption=message.encryption,
        stream=message.stream or _default_stream(source),
        backup_codec_policy=_backup_policy(kind, message),
        audio_features=_features(message),
        packet_trailer_features=dict.fromkeys(message.packet_trailer_features),
        codecs=_codecs(kind, message, layers),
    )
    main, backup = _codec(kind, message), _backup_codec(kind, message)
    return AddTrack(
        cid=message.cid,
        kind=kind,
        source=source,
        is_muted=message.muted,
        layers=read_layers(layers),
        simulcast_cids=_cids(kind, message, but=backup),
        codec=main,
        backup_codec=backup,
        backup_cids=_cids(kind, message, but=main) if backup else (),
        backup_policy=BackupPolicy(details.backup_codec_policy),
        opus=_opus_wish(message) if kind is TrackKind.AUDIO else None,
        existing=TrackSid(message.sid) if message.sid else None,
        amend=_with_codecs(details.codecs) if message.sid else None,
        details=details.SerializeToString(),
        request=message.SerializeToString(),
    )


def read_audio_update(message: rtc.UpdateLocalAudioTrack) -> DescribeTrack:
    """Raises: WireError: more features than there are."""
    if len(message.features) > MAX_AUDIO_FEATURES:
        raise WireError("too many audio features")
    features = list(dict.fromkeys(message.features))

    def amend(details: bytes) -> bytes:
        info = models.TrackInfo.FromString(details)
        info.stereo, info.disable_dtx = models.TF_STEREO in features, models.TF_NO_DTX in features
        del info.audio_features[:]
        info.audio_features.extend(features)
        return info.SerializeToString()

    return DescribeTrack(
        track=TrackSid(message.track_sid), amend=amend, about="update_audio_track", request=message.SerializeToString()
    )


def read_video_update(message: rtc.UpdateLocalVideoTrack) -> DescribeTrack:
    def amend(details: bytes) -> bytes:
        info = models.TrackInfo.FromString(details)
        info.width, info.height = message.width, message.height
        return info.SerializeToString()

    return DescribeTrack(
        track=TrackSid(message.track_sid), amend=amend, about="update_video_track", request=message.SerializeToString()
    )


def _features(message: rtc.AddTrackRequest) -> Iterable[models.AudioTrackFeature]:
    """Stereo and DTX are said in two ways; whoever reads one of them shall find them there."""
    features = dict.fromkeys(message.audio_features)
    if message.stereo:
        features.setdefault(models.TF_STEREO)
    if message.disable_dtx:
        features.setdefault(models.TF_NO_DTX)
    return features


def _opus_wish(message: rtc.AddTrackRequest) -> OpusWish:
    features = message.audio_features
    return OpusWish(
        may_use_dtx=not message.disable_dtx and models.TF_NO_DTX not in features,
        is_stereo=message.stereo or models.TF_STEREO in features,
        may_use_red=not message.disable_red and message.encryption == models.Encryption.NONE,
        is_microphone=message.source == models.MICROPHONE,
    )


def _codecs(
    kind: TrackKind, message: rtc.AddTrackRequest, layers: Sequence[models.VideoLayer]
) -> list[models.SimulcastCodecInfo]:
    """One entry for each codec that the client means to send, the first first; one without a name when it says none."""
    found: dict[str, models.SimulcastCodecInfo] = {}
    for codec in message.simulcast_codecs:
        mime_type = _mime_type(kind, codec.codec)
        info = models.SimulcastCodecInfo(
            mime_type=mime_type,
            cid=codec.cid,
            layers=_small_first(codec.layers) or layers,
            video_layer_mode=codec.video_layer_mode or _layer_mode(mime_type),
        )
        found.setdefault(mime_type, info)
    mode = _layer_mode("")
    return [*found.values()] or [models.SimulcastCodecInfo(cid=message.cid, layers=layers, video_layer_mode=mode)]


def _layer_mode(mime_type: str) -> models.VideoLayer.Mode:
    """How a codec is sent when its client does not say so."""
    if mime_type in _LAYERED:
        return models.VideoLayer.MULTIPLE_SPATIAL_LAYERS_PER_STREAM
    return models.VideoLayer.ONE_SPATIAL_LAYER_PER_STREAM


def _with_codecs(codecs: Sequence[models.SimulcastCodecInfo]) -> Callable[[bytes], bytes]:
    """What `codecs` say, in the description of the track that they belong to."""

    def amend(details: bytes) -> bytes:
        info = models.TrackInfo.FromString(details)
        known = {codec.mime_type: codec for codec in info.codecs}
        for codec in codecs:
            if codec.mime_type in known:
                known[codec.mime_type].cid = codec.cid or known[codec.mime_type].cid
            elif codec.mime_type and len(known) < MAX_CODECS:
                info.codecs.append(codec)
        return info.SerializeToString()

    return amend


def _small_first(layers: Iterable[models.VideoLayer]) -> list[models.VideoLayer]:
    return sorted(layers, key=lambda layer: int(layer.quality))


def _codec(kind: TrackKind, message: rtc.AddTrackRequest) -> str:
    """What the client means to send; for sound the offer's order is its choice (RED first, or not)."""
    if kind is TrackKind.AUDIO or not message.simulcast_codecs:
        return ""
    return _codec_name(kind, message.simulcast_codecs[0])


def _backup_codec(kind: TrackKind, message: rtc.AddTrackRequest) -> str:
    """The second codec that the client can send, if it is another one here too."""
    if kind is TrackKind.AUDIO:
        return ""
    _, *others = dict.fromkeys(_codec_name(kind, codec) for codec in message.simulcast_codecs) or ("",)
    return others[0] if others else ""


def _cids(kind: TrackKind, message: rtc.AddTrackRequest, *, but: str) -> tuple[str, ...]:
    """Names of the tracks that carry a picture in another codec than `but`."""
    return tuple(c.cid for c in message.simulcast_codecs if c.cid and (not but or _codec_name(kind, c) != but))


def _codec_name(kind: TrackKind, codec: rtc.SimulcastCodec) -> str:
    return _mime_type(kind, codec.codec).partition("/")[2]


def _mime_type(kind: TrackKind, codec: str) -> str:
    """Browsers say "h264", programs in Go "video/H264".

    A codec that this server does not forward is answered with one that it does; clients then switch.
    """
    prefix = f"{kind.name.lower()}/"
    name = codec.lower().removeprefix(prefix)
    return prefix + (name if name in _FORWARDED[kind] else _FALLBACK[kind])


def _backup_policy(kind: TrackKind, message: rtc.AddTrackRequest) -> models.BackupCodecPolicy:
    """Sound in two codecs costs little: both are sent, unless the client says otherwise."""
    if kind is TrackKind.AUDIO and message.backup_codec_policy != models.REGRESSION:
        return models.SIMULCAST
    return message.backup_codec_policy


def _default_stream(source: TrackSource) -> str:
    """Sound and picture of one device play in step: their tracks share the name of a stream."""
    match source:
        case TrackSource.CAMERA | TrackSource.MICROPHONE:
            return "camera"
        case TrackSource.SCREEN_SHARE | TrackSource.SCREEN_SHARE_AUDIO:
            return "screen"
        case _:
            return ""
