"""Files that want to be more than they say, by name and bytes. Made here, so that no scanner finds them in the tree."""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator

from palaver.files.tests.stage import picture

SCRIPT = b"<script>document.title='owned'</script>"
HTML = b"<!doctype html><html><body>" + SCRIPT + b"</body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n%%EOF"


def active() -> Iterator[tuple[str, bytes]]:
    """What a browser would run or render, under its own name and under the names of pictures."""
    contents = {
        "html": HTML, "svg": SVG, "pdf": PDF, "xml": b'<?xml version="1.0"?>' + SVG,
        "xhtml": b'<html xmlns="http://www.w3.org/1999/xhtml">' + SCRIPT + b"</html>",
        "js": b"alert(1)", "css": b"body{background:url(//evil.example)}", "swf": b"CWS\x0a" + bytes(40),
        "mht": b"MIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" + HTML,
        "xsl": b'<xsl:stylesheet version="1.0"/>', "wasm": b"\0asm\1\0\0\0", "exe": b"MZ" + bytes(200),
        "lnk": b"L\0\0\0\1\x14\2\0", "hta": HTML, "url": b"[InternetShortcut]\r\nURL=file:///etc/passwd",
        "ico": b"\0\0\1\0\1\0" + bytes(40), "bmp": b"BM" + bytes(60), "tiff": b"II*\0" + bytes(60),
        "webm": b"\x1a\x45\xdf\xa3" + bytes(60), "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nsystem",
    }  # fmt: skip
    for ending, content in contents.items():
        yield f"plain.{ending}", content
        yield f"disguised-{ending}.png", content


def polyglots() -> Iterator[tuple[str, bytes]]:
    """Pictures that are also something else; and somethings that begin like pictures."""
    yield "gif-js.gif", b"GIF89a/*" + picture("GIF")[8:] + b"*/=1;alert(1)"
    yield "gif-html.gif", b"GIF89a" + HTML
    yield "png-html.png", b"\x89PNG\r\n\x1a\n" + HTML
    yield "jpeg-html.jpg", b"\xff\xd8\xff" + HTML
    yield "webp-html.webp", b"RIFF\x20\0\0\0WEBP" + HTML
    yield "bmp-js.bmp", b"BM=1;alert(1)//"
    yield "html-before-png.png", HTML + picture()
    yield "utf16.png", HTML.decode().encode("utf-16")
    yield "bom.png", b"\xef\xbb\xbf" + HTML
    yield "jpeg-exif.jpg", picture("JPEG", exif=b"Exif\0\0" + SCRIPT)
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        yield f"tail-html.{kind.lower()}", picture(kind) + HTML
        yield f"tail-zip.{kind.lower()}", picture(kind) + zip_of(("../../x", b"x"))


def bombs() -> Iterator[tuple[str, bytes]]:
    """Little on the line, much in memory or time."""
    yield "64k.png", png_header(65_535, 65_535)
    yield "2g.png", png_header(2**31 - 1, 2**31 - 1)
    yield "zero.png", png_header(0, 0)
    yield "wide.png", png_header(2**31 - 1, 1)
    yield "flat.png", flat_png(9_000, 9_000)
    yield "itxt.png", png_with_text(30_000_000)
    yield "64k.gif", struct.pack("<6sHHBBB", b"GIF89a", 65_535, 65_535, 0x80, 0, 0) + bytes(6) + b"," + bytes(20)
    yield "frames.gif", gif_frames(60_000)
    yield "64k.jpg", jpeg_header(65_535, 65_535)
    yield "scans.jpg", picture("JPEG", progressive=True)[:-2] + b"\xff\xda\0\x08\1\1\0\0\x3f\0" * 20_000 + b"\xff\xd9"
    yield "16k.webp", b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\x3f\0\xff\x3f\0"
    yield "endless.webp", b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\x7f" + bytes(2000)


def archives() -> Iterator[tuple[str, bytes]]:
    """Bombs and traps for those who unpack. We never do: they are bytes."""
    bomb = zip_of(("zeros", bytes(20_000_000)))
    yield "bomb.zip", bomb
    yield "nested.zip", zip_of(*((f"{n}.zip", bomb) for n in range(16)))
    yield "slip.zip", zip_of(("../../../../etc/passwd", b"x"), ("/etc/shadow", b"x"), ("..\\..\\x", b"x"))
    yield "link.tar", b"passwd".ljust(156, b"\0") + b"2/etc/passwd".ljust(356, b"\0") + bytes(1024)
    yield "bomb.gz", zlib.compress(bytes(10_000_000), 9)
    yield "laughs.xml", b'<!DOCTYPE l[<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><l>&b;</l>'


def broken() -> Iterator[tuple[str, bytes]]:
    """Pictures that end early or lie about themselves."""
    for kind in ("PNG", "JPEG", "GIF", "WEBP"):
        whole = picture(kind)
        yield f"head.{kind.lower()}", whole[:12]
        yield f"half.{kind.lower()}", whole[: len(whole) // 2]
        yield f"holes.{kind.lower()}", whole[:20] + b"\xff" * 40 + whole[60:]


def zip_of(*members: tuple[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members:
            packed.writestr(name, content)
    return written.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width & 0xFFFFFFFF, height & 0xFFFFFFFF, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")


def flat_png(width: int, height: int) -> bytes:
    """A real one of 81 million pixels in some hundred kilobytes."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    rows = b"".join(packer.compress(bytes(width + 1)) for _ in range(height)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_with_text(length: int) -> bytes:
    text = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(length), 9))
    whole = picture()
    return whole[:33] + text * 8 + whole[33:]


def gif_frames(count: int) -> bytes:
    """So many frames of 4000 × 4000 that say nothing."""
    frame = b"!\xf9\4\0\1\0\0\0" + struct.pack("<BHHHHB", 0x2C, 0, 0, 4000, 4000, 0) + b"\2\2\x44\1\0"
    return struct.pack("<6sHHBBB", b"GIF89a", 4000, 4000, 0x80, 0, 0) + bytes(6) + frame * count + b";"


def jpeg_header(width: int, height: int) -> bytes:
    whole = picture("JPEG")
    at = whole.index(b"\xff\xc0")
    return whole[: at + 5] + struct.pack(">HH", height, width) + whole[at + 9 :]
