"""Edits of an offer's text, by which a publisher's answer takes the shape that its track asked for.

Browsers send the first codec of the answer, and answers keep the order of the offer and have nothing that it has not:
so the codec of the track is put first, RED stands before Opus where it may be used, else nowhere, and codecs that the
operator switched off are struck out. And DTX and stereo are granted by an answer that repeats them (RFC 7587 section
6.1), so they stand where the track asked for them and nowhere else that sends: clients offer stereo for whatever they
may receive.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Mapping
from typing import Final

from palaver_sfu.room.values import Mid, OpusWish

_RTPMAP = re.compile(r"a=rtpmap:(\d+) ([^/\s]+)/")
_FMTP = re.compile(r"a=fmtp:(\d+) ([^\r\n]*)")
_ASKED: Final = ("stereo", "sprop-stereo", "usedtx", "maxaveragebitrate")
_STEREO_BPS: Final = 510_000  # the most that Opus knows; the sender's own limit is below it
_OF_PAYLOADS: Final = ("rtpmap", "fmtp", "rtcp-fb")
_APT = re.compile(r"a=fmtp:(\d+) (?:[^\r\n]*;)?\s*apt=(\d+)")


def shape_offer(
    offer: str,
    *,
    codecs: Mapping[Mid, str],
    opus: Mapping[Mid, OpusWish],
    disabled: Collection[str] = (),
) -> str:
    """`offer` with the codec that `codecs` names (mid → lower-case codec) first, and Opus as `opus` wishes it."""
    head, *sections = re.split(r"(?m)^(?=m=)", offer)
    if disabled:
        sections = [_strike_out(section, disabled) for section in sections]
    return head + "".join(_shape(section, codecs, opus) for section in sections)


def _shape(section: str, codecs: Mapping[Mid, str], opus: Mapping[Mid, OpusWish]) -> str:
    lines = section.splitlines(keepends=True)
    mid = Mid(next((line.strip()[len("a=mid:") :] for line in lines if line.startswith("a=mid:")), ""))
    if codec := codecs.get(mid):
        lines[0] = _put_first(lines, codec)
    if (wish := opus.get(mid)) and lines[0].startswith("m=audio"):
        lines[0] = _put_first(lines, "red") if wish.may_use_red else _leave_out(lines, "red")
        payloads = _payloads(lines, "opus")
        lines = [_with_wish(line, payloads, wish) for line in lines]
    return "".join(lines)


def _strike_out(section: str, disabled: Collection[str]) -> str:
    lines = section.splitlines(keepends=True)
    gone = {m[1] for line in lines if (m := _RTPMAP.match(line)) and m[2].lower() in disabled}
    gone |= {m[1] for line in lines if (m := _APT.match(line)) and m[2] in gone}
    words = lines[0].split()
    kept = [payload for payload in words[3:] if payload not in gone]
    if not gone:
        return section
    if not kept:
        # A section must list something: its first codec stays under a name that nobody knows.
        unknown = words[3]
        kept, gone = [unknown], gone - {unknown}
        lines = [re.sub(rf"^a=rtpmap:{unknown} [^/\s]+/", f"a=rtpmap:{unknown} disabled/", line) for line in lines]
    end = lines[0][len(lines[0].rstrip("\r\n")) :]
    about_gone = tuple(f"a={name}:{payload} " for name in _OF_PAYLOADS for payload in gone)
    return "".join([" ".join(words[:3] + kept) + end, *(line for line in lines[1:] if not line.startswith(about_gone))])


def _payloads(lines: list[str], codec: str) -> set[str]:
    return {m[1] for line in lines if (m := _RTPMAP.match(line)) and m[2].lower() == codec}


def _put_first(lines: list[str], codec: str) -> str:
    first = _payloads(lines, codec)
    first |= {m[1] for line in lines if (m := _APT.match(line)) and m[2] in first}
    words = lines[0].split()
    return _joined(words[:3] + sorted(words[3:], key=lambda payload: payload not in first), lines[0])


def _leave_out(lines: list[str], codec: str) -> str:
    unwanted = _payloads(lines, codec)
    words = lines[0].split()
    return _joined(words[:3] + [payload for payload in words[3:] if payload not in unwanted], lines[0])


def _joined(words: list[str], line: str) -> str:
    """*words* with the end of *line*."""
    return " ".join(words) + line[len(line.rstrip("\r\n")) :]


def _with_wish(line: str, payloads: Container[str], wish: OpusWish) -> str:
    found = _FMTP.match(line)
    if found is None or found[1] not in payloads:
        return line
    kept = [word for word in found[2].split(";") if word.split("=")[0].strip() not in _ASKED]
    if wish.is_stereo:
        kept += ["stereo=1", f"maxaveragebitrate={_STEREO_BPS}"]
    if wish.may_use_dtx:
        kept.append("usedtx=1")
    return f"a=fmtp:{found[1]} {';'.join(kept)}{line[found.end() :]}"
