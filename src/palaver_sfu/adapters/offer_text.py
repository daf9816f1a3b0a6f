"""Two edits of an offer's text, by which a publisher's answer takes the shape that its track asked for.

Browsers send the first codec of the answer, and answers keep the order of the offer: so the codec of the track is put
first. And DTX is granted by an answer that repeats it (RFC 7587 section 6.1), so it is written where it is wanted.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from palaver_sfu.room.values import Mid

_RTPMAP = re.compile(r"a=rtpmap:(\d+) ([^/\s]+)/")
_FMTP = re.compile(r"a=fmtp:(\d+) ([^\r\n]*)")
_APT = re.compile(r"a=fmtp:(\d+) (?:[^\r\n]*;)?\s*apt=(\d+)")


def shape_offer(offer: str, *, codecs: Mapping[Mid, str], dtx: Container[Mid]) -> str:
    """`offer` with the codec that `codecs` names (mid → lower-case codec) first, and Opus with DTX in `dtx`."""
    head, *sections = re.split(r"(?m)^(?=m=)", offer)
    return head + "".join(_shape(section, codecs, dtx) for section in sections)


def _shape(section: str, codecs: Mapping[Mid, str], dtx: Container[Mid]) -> str:
    lines = section.splitlines(keepends=True)
    mid = Mid(next((line.strip()[len("a=mid:") :] for line in lines if line.startswith("a=mid:")), ""))
    if codec := codecs.get(mid):
        lines[0] = _put_first(lines, codec)
    if mid in dtx:
        lines = [_with_dtx(line, _payloads(lines, "opus")) for line in lines]
    return "".join(lines)


def _payloads(lines: list[str], codec: str) -> set[str]:
    return {m[1] for line in lines if (m := _RTPMAP.match(line)) and m[2].lower() == codec}


def _put_first(lines: list[str], codec: str) -> str:
    first = _payloads(lines, codec)
    first |= {m[1] for line in lines if (m := _APT.match(line)) and m[2] in first}
    words = lines[0].split()
    ordered = words[:3] + sorted(words[3:], key=lambda payload: payload not in first)
    return " ".join(ordered) + lines[0][len(lines[0].rstrip("\r\n")) :]


def _with_dtx(line: str, opus: Container[str]) -> str:
    found = _FMTP.match(line)
    if found is None or found[1] not in opus or "usedtx=" in found[2]:
        return line
    return f"{line[: found.end()]};usedtx=1{line[found.end() :]}"
