"""One edit of an offer's text: leave a section only the codec that its track shall use.

Browsers send the first codec of the answer, and livekit-client counts on the server to choose it. With one codec left
there is nothing to choose from, whatever order an answer is written in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from palaver_sfu.room.values import Mid

_RTPMAP = re.compile(r"a=rtpmap:(\d+) ([^/]+)/")
_APT = re.compile(r"a=fmtp:(\d+) (?:.*;)?\s*apt=(\d+)")
_OF_PAYLOAD = re.compile(r"a=(?:rtpmap|fmtp|rtcp-fb):(\d+) ")


def keep_codecs(offer: str, codecs: Mapping[Mid, str]) -> str:
    """`offer` with the sections named in `codecs` (mid → lower-case codec) reduced to it and its retransmission."""
    if not codecs:
        return offer
    head, *sections = re.split(r"(?m)^(?=m=)", offer)
    return head + "".join(_keep(section, codecs) for section in sections)


def _keep(section: str, codecs: Mapping[Mid, str]) -> str:
    lines = section.splitlines(keepends=True)
    mid = next((line.strip()[len("a=mid:") :] for line in lines if line.startswith("a=mid:")), "")
    codec = codecs.get(Mid(mid))
    if codec is None:
        return section
    kept = {m[1] for line in lines if (m := _RTPMAP.match(line)) and m[2].lower() == codec}
    if not kept:
        return section
    kept |= {m[1] for line in lines if (m := _APT.match(line)) and m[2] in kept}
    media, port, protocol, *payloads = lines[0].split()
    first = " ".join([media, port, protocol, *(p for p in payloads if p in kept)])
    ending = lines[0][len(lines[0].rstrip("\r\n")) :]
    rest = (line for line in lines[1:] if (m := _OF_PAYLOAD.match(line)) is None or m[1] in kept)
    return first + ending + "".join(rest)
