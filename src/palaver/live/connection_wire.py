"""What one person is told of their connection: who hears them, how their own line is, and what comes badly."""

from typing import Final, Literal

from palaver.live.wire import Wire

Source = Literal["microphone", "camera", "screen_share", "screen_share_audio"]
SoundState = Literal["none", "muted", "silent", "arriving"]
LineTrouble = Literal["cut", "loss", "delay"]
StreamCause = Literal["loss", "bandwidth", "cpu", "waiting"]


class OwnSound(Wire):
    """What of your microphone reaches the server (`silent`: it is open, and nothing comes), and how many of the others
    hear it. Some of those who do not are named, by `participant_id`.
    """

    state: SoundState
    heard_by: int
    others: int
    unheard_by: list[str]


class OwnLine(Wire):
    """Your line to the server; losses in percent, up is towards the server."""

    way: Literal["udp", "tcp"]
    trouble: LineTrouble | None
    rtt_ms: int | None
    lost_up: int
    lost_down: int


class StreamTrouble(Wire):
    """Something of somebody that reaches you with losses, smaller than you asked for, or not at all, and why: packets
    are lost, your line has no room, the server is too busy, or nothing comes from there.
    """

    participant_id: str
    source: Source
    cause: StreamCause
    is_sent: bool
    lost: int


class WeakLine(Wire):
    """Somebody whose own line is weak. Told to moderators only."""

    participant_id: str
    trouble: LineTrouble


class Connection(Wire):
    """How you are received, and what you receive; all of it, each time something changed. Only servers that know it
    send this: without it nothing is known.
    """

    kind: Literal["connection"] = "connection"
    sound: OwnSound
    line: OwnLine | None
    troubles: list[StreamTrouble]
    weak: list[WeakLine]


CONNECTION_EVENTS: Final[tuple[type[Wire], ...]] = (Connection,)
