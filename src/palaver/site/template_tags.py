"""Tags that every template has: built files of the web client, and icons."""

import json
from collections.abc import Sized
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.forms import BoundField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import ngettext

from palaver.accounts.avatars import avatar_path
from palaver.accounts.models import User

register = template.Library()

_ICON_FOLDER = Path(__file__).resolve().parent / "icons"
_Manifest = dict[str, dict[str, Any]]


@lru_cache(maxsize=4)
def _manifest_of(path: Path, modified_ns: int) -> _Manifest:
    manifest: _Manifest = json.loads(path.read_text("utf-8"))
    return manifest


def _manifest() -> _Manifest:
    path = Path(settings.PALAVER_WEB_DIST) / ".vite" / "manifest.json"
    try:
        return _manifest_of(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        raise RuntimeError(f"the web client is not built: {path} is missing; run: make web") from None


def _url(file: str) -> str:
    return f"{settings.STATIC_URL}{file}"


@register.simple_tag
def vite(entry: str) -> SafeString:
    """The style sheets, module and preloads of a Vite entry, such as `src/pages/site.ts`."""
    manifest = _manifest()
    chunks, seen = [], {entry}
    pending = [entry]
    while pending:
        chunk = manifest[pending.pop()]
        chunks.append(chunk)
        for name in chunk.get("imports", ()):
            if name not in seen:
                seen.add(name)
                pending.append(name)
    styles = dict.fromkeys(file for chunk in reversed(chunks) for file in chunk.get("css", ()))
    sheets = format_html_join("", '<link rel="stylesheet" href="{}">', ((_url(file),) for file in styles))
    preloads = format_html_join("", '<link rel="modulepreload" href="{}">', ((_url(c["file"]),) for c in chunks[1:]))
    module = format_html('<script type="module" src="{}"></script>', _url(chunks[0]["file"]))
    return sheets + preloads + module


@register.simple_tag
def built(source: str) -> str:
    """The address of a built asset, such as `src/assets/people/kofi.svg`."""
    return _url(_manifest()[source]["file"])


@lru_cache(maxsize=128)
def _icon_path(name: str) -> str:
    return (_ICON_FOLDER / f"{name}.svg").read_text("utf-8").strip()


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """One of `site/icons`, as a picture that assistive technology skips: the control beside it carries the name."""
    # The files are ours.
    return mark_safe(_icon_path(name).replace("<svg ", f'<svg class="i {size}" aria-hidden="true" ', 1))  # noqa: S308


@register.filter
def dressed(field: BoundField) -> SafeString:
    """A field's widget with the class that the style sheet knows."""
    return field.as_widget(attrs={"class": "input"})


_TONES = ("leaf", "lake", "indigo", "plum", "clay", "ochre")


@register.simple_tag
def tone(user: User) -> str:
    """The colour of a person without a picture."""
    return _TONES[user.pk % len(_TONES)]


@register.filter
def initials(user: User) -> str:
    """One or two letters for a person without a picture."""
    letters = [part[0] for part in (user.first_name, user.last_name) if part] or [user.email[0]]
    return "".join(letters).upper()


@register.simple_tag
def avatar(user: User, size: str = "") -> SafeString:
    """A person's picture or initials, skipped by assistive technology: their name stands beside it."""
    face: SafeString | str = initials(user)
    if user.avatar_digest:
        side = 256 if size == "xl" else 96
        face = format_html(
            '<picture><source srcset="{}" type="image/webp"><img class="photo" src="{}" alt="" width="{}" height="{}">'
            "</picture>",
            avatar_path(user.avatar_digest, side=side),
            avatar_path(user.avatar_digest, side=side, ending="jpg"),
            side,
            side,
        )
    return format_html('<span class="av {}" aria-hidden="true" data-tone="{}">{}</span>', size, tone(user), face)


@register.filter
def more_than(listed: Sized, shown: int) -> int:
    """How many of `listed` are left when `shown` of them are shown."""
    return len(listed) - shown


@register.simple_tag
def spent(start: datetime, end: datetime) -> str:
    """The time between two moments, in words, at least one minute."""
    minutes = max(1, round((end - start).total_seconds() / 60))
    hours, rest = divmod(minutes, 60)
    if not hours:
        return ngettext("%(minutes)d min", "%(minutes)d min", minutes) % {"minutes": minutes}
    return ngettext("%(hours)d h %(minutes)d min", "%(hours)d h %(minutes)d min", hours) % {
        "hours": hours,
        "minutes": rest,
    }
