"""Fake cameras: short y4m films that Chromium plays as a person's camera (`--use-file-for-fake-video-capture`).

Each person has a colour of their own, with a bar that moves, so that a test can say whose picture it sees and that
it moves. Small pictures keep four browsers within two cores; the product's own defaults stay as they are.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Rgb = tuple[int, int, int]

COLOURS: dict[str, Rgb] = {
    "alice": (200, 60, 50),
    "bob": (50, 150, 70),
    "carol": (60, 80, 200),
    "python": (200, 160, 40),
}
FPS = 15
# What a story needs to see that a picture moves; each frame is sent, drawn and mixed by software.
STORY_FPS = 8
FRAMES = 30


def write_y4m(path: Path, frames: list[NDArray[np.uint8]], *, fps: int = FPS) -> Path:
    """Write RGB *frames* (height, width, 3; both even) as 4:2:0 y4m; returns *path*."""
    height, width, _ = frames[0].shape
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in frames:
            rgb = frame.astype(np.float32)
            red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
            # ITU-R BT.601, limited range.
            luma = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
            cb = (128 - 0.148 * red - 0.291 * green + 0.439 * blue)[::2, ::2]
            cr = (128 + 0.439 * red - 0.368 * green - 0.071 * blue)[::2, ::2]
            film.write(b"FRAME\n")
            for plane in (luma, cb, cr):
                film.write(np.clip(plane, 0, 255).astype(np.uint8).tobytes())
    return path


def moving_colour(colour: Rgb, *, width: int, height: int) -> list[NDArray[np.uint8]]:
    """Frames of one colour with a light bar that travels from left to right."""
    frames = []
    for index in range(FRAMES):
        frame = np.empty((height, width, 3), np.uint8)
        frame[:] = colour
        left = (width - 24) * index // FRAMES
        frame[height // 4 : height // 2, left : left + 24] = (230, 230, 230)
        frames.append(frame)
    return frames


def camera_film(folder: Path, person: str, *, width: int = 320, height: int = 180, fps: int = FPS) -> Path:
    """The film of *person*'s camera in *folder*, made at the first call."""
    path = folder / f"{person}-{width}x{height}-{fps}.y4m"
    if not path.exists():
        write_y4m(path, moving_colour(COLOURS[person], width=width, height=height), fps=fps)
    return path
