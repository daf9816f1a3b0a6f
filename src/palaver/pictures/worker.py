"""The process that decodes: `python -I worker.py thumbnail|avatar KIND PATH`. Imports nothing of ours.

It gives up what it does not need before it looks at the picture: memory, time, files. Prints one line of JSON (size,
frames, lengths of the outputs), then the outputs. Exit code 1 means: not a picture that we show.
"""

import json
import resource
import sys
import warnings
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps

_MEMORY_BYTES: Final = 640 * 1024 * 1024
_CPU_S: Final = 8
_MOST_PIXELS: Final = 20_000_000  # 80 MB once decoded: a screenshot of two 4K monitors
_MOST_JPEG_PIXELS: Final = 120_000_000  # a baseline JPEG is decoded at a part of its size, a line at a time
_MOST_PIXELS_OF_ALL_FRAMES: Final = 1_000_000_000
_LONGEST_SIDE: Final = 30_000
_THUMBNAIL_SIDE: Final = 480
_AVATAR_SIDES: Final = (96, 256)
_FORMATS: Final = {"image/png": "PNG", "image/jpeg": "JPEG", "image/gif": "GIF", "image/webp": "WEBP"}


def main(job: str, kind: str, path: str) -> int:
    """Do one job; return the exit code."""
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (most, most))
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # the limits below come first, and know JPEG
    try:
        # Only the decoder of the kind that was sniffed is tried, so a polyglot meets no other.
        with Image.open(path, formats=[_FORMATS[kind]]) as picture:
            width, height = picture.size
            _refuse_bombs(picture)
            outputs = _avatars(picture) if job == "avatar" else [_thumbnail(picture)]
            frames = 1 if job == "avatar" else int(getattr(picture, "n_frames", 1))
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, IndexError, TypeError, OverflowError):
        return 1
    if frames * width * height > _MOST_PIXELS_OF_ALL_FRAMES:
        return 1
    told = {"width": width, "height": height, "frames": frames, "lengths": [len(output) for output in outputs]}
    sys.stdout.buffer.write(json.dumps(told).encode() + b"\n" + b"".join(outputs))
    return 0


def _refuse_bombs(picture: Image.Image) -> None:
    width, height = picture.size
    # The coefficients of a progressive one have to be held whole, at whatever size it is wanted.
    is_drafted = picture.format == "JPEG" and "progressive" not in picture.info
    most = _MOST_JPEG_PIXELS if is_drafted else _MOST_PIXELS
    if not (0 < width <= _LONGEST_SIDE and 0 < height <= _LONGEST_SIDE) or width * height > most:
        raise ValueError("too large")


def _thumbnail(picture: Image.Image) -> bytes:
    picture.draft("RGB", (2 * _THUMBNAIL_SIDE, 2 * _THUMBNAIL_SIDE))
    _refuse_undrafted(picture)
    small = picture if picture.mode in ("RGB", "RGBA") else _in_colours(picture)
    small.thumbnail((_THUMBNAIL_SIDE, _THUMBNAIL_SIDE), reducing_gap=2.0)  # in place: there is no second large one
    return _encoded(_plain(ImageOps.exif_transpose(small)), "WEBP", quality=78)


def _avatars(picture: Image.Image) -> list[bytes]:
    """WebP and JPEG of each side, in that order. The square in the middle is taken."""
    picture.draft("RGB", (2 * max(_AVATAR_SIDES), 2 * max(_AVATAR_SIDES)))
    _refuse_undrafted(picture)
    upright = _plain(ImageOps.exif_transpose(picture))
    outputs = []
    for side in _AVATAR_SIDES:
        square = ImageOps.fit(upright, (side, side), Image.Resampling.LANCZOS)
        outputs.append(_encoded(square, "WEBP", quality=82))
        outputs.append(_encoded(_on_white(square), "JPEG", quality=85, optimize=True))
    return outputs


def _refuse_undrafted(picture: Image.Image) -> None:
    # A progressive or odd JPEG that cannot be drafted down must not be decoded at full size.
    if picture.size[0] * picture.size[1] > _MOST_PIXELS:
        raise ValueError("too large")


def _plain(picture: Image.Image) -> Image.Image:
    """Pixels and nothing else: no EXIF, no profile, no text chunks, no further frames."""
    pixels = _in_colours(picture)
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    return bare


def _in_colours(picture: Image.Image) -> Image.Image:
    has_alpha = "A" in picture.getbands() or "transparency" in picture.info
    return picture.convert("RGBA" if has_alpha else "RGB")


def _on_white(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    return ground


def _encoded(picture: Image.Image, form: str, **options: object) -> bytes:
    written = BytesIO()
    picture.save(written, form, **options)
    return written.getvalue()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
