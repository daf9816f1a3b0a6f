"""Which simulcast layer a subscriber should get for what it says it shows."""

from __future__ import annotations

from collections.abc import Sequence

from palaver_sfu.room.values import TrackInfo, TrackKind, TrackSettings, TrackSource, VideoLayer, VideoQuality

MAX_SPATIAL_LAYER = 2
# Where a subscriber's line is too narrow for all, a screen comes before faces, unless its client says otherwise.
SCREEN_PRIORITY, USUAL_PRIORITY = 255, 1


def spatial_layer(track: TrackInfo, settings: TrackSettings, *, fallback: VideoQuality) -> int:
    """The highest spatial layer (0 = smallest) worth sending for `settings`.

    A wanted size wins over a quality: the smallest layer that covers it, or the largest there is. A track
    without described layers gets the number of the quality, which the core clamps to what it receives.
    """
    if track.kind is TrackKind.AUDIO:
        return 0
    layers = sorted(track.layers, key=lambda layer: (layer.width * layer.height, layer.quality))
    if layers and settings.width > 0 and settings.height > 0:
        return _smallest_that_covers(layers, settings.width, settings.height)
    quality = settings.quality if settings.quality is not None else fallback
    if quality is VideoQuality.OFF:
        return 0
    if not layers:
        return min(int(quality), MAX_SPATIAL_LAYER)
    return max(0, sum(layer.quality <= quality for layer in layers) - 1)


def quality_of(track: TrackInfo, layer: int) -> VideoQuality:
    """The quality that the spatial layer `layer` (0 = smallest) of `track` stands for."""
    layers = sorted(track.layers, key=lambda described: (described.width * described.height, described.quality))
    return layers[layer].quality if layer < len(layers) else VideoQuality.HIGH


def priority(track: TrackInfo, settings: TrackSettings) -> int:
    """1 to 255, higher is more important."""
    usual = SCREEN_PRIORITY if track.source is TrackSource.SCREEN_SHARE else USUAL_PRIORITY
    return min(settings.priority or usual, SCREEN_PRIORITY)


def _smallest_that_covers(layers: Sequence[VideoLayer], width: int, height: int) -> int:
    # A view is compared in the picture's own orientation: a phone turned upright swaps width and height.
    wanted_long, wanted_short = max(width, height), min(width, height)
    for index, layer in enumerate(layers):
        if max(layer.width, layer.height) >= wanted_long and min(layer.width, layer.height) >= wanted_short:
            return min(index, MAX_SPATIAL_LAYER)
    return min(len(layers) - 1, MAX_SPATIAL_LAYER)
