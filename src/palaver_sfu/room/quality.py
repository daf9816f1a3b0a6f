"""Connection quality in the three steps that clients draw, from a second of transport statistics."""

from __future__ import annotations

from palaver_sfu.room.values import ConnectionQuality, LinkStats

# A call stays pleasant up to about 2 % loss and 200 ms of round trip, and usable up to about 8 % and 500 ms
# (ITU-T G.114 on delay; the loss steps are where Opus and VP8 repair become audible and visible).
GOOD_LOSS, POOR_LOSS = 0.02, 0.08
GOOD_RTT_MS, POOR_RTT_MS = 200.0, 500.0

_SCORES = {ConnectionQuality.EXCELLENT: 4.5, ConnectionQuality.GOOD: 3.5, ConnectionQuality.POOR: 2.0}


def judge(stats: LinkStats) -> ConnectionQuality:
    loss = max(stats.loss_in, stats.loss_out)
    rtt_ms = stats.rtt_ms or 0.0
    if loss >= POOR_LOSS or rtt_ms >= POOR_RTT_MS:
        return ConnectionQuality.POOR
    if loss >= GOOD_LOSS or rtt_ms >= GOOD_RTT_MS:
        return ConnectionQuality.GOOD
    return ConnectionQuality.EXCELLENT


def score(quality: ConnectionQuality) -> float:
    """A mean opinion score that belongs to `quality`."""
    return _SCORES[quality]
