"""The configuration file of `palaver sfu`, in TOML: every name is known, every value has its type."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from palaver_sfu.errors import ConfigError
from palaver_sfu.relaying import ice_server
from palaver_sfu.room.limits import DEFAULT_LIMITS, Limits
from palaver_sfu.room.values import (
    DEFAULT_OPTIONS,
    DEFAULT_VOICES,
    MOST_VOICES,
    PlayoutDelay,
    RoomOptions,
    RoomWish,
    VoiceLimit,
)
from palaver_sfu.wire.ice_servers import IceServer, TurnServer

LOG_FORMATS = ("text", "json")


@dataclass(frozen=True, slots=True)
class FileConfig:
    """What a file says; None and empty where it says nothing."""

    host: str | None = None
    port: int | None = None
    log_format: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    keys_file: Path | None = None
    media_port: int | None = None
    media_addresses: tuple[str, ...] = ()
    media_threads: str | None = None
    voices: VoiceLimit = DEFAULT_VOICES
    ice_servers: tuple[IceServer | TurnServer, ...] = ()
    turn_port: int | None = None
    turn_tls_port: int | None = None
    turn_domain: str = ""
    turn_cert: Path | None = None
    turn_key: Path | None = None
    webhook_urls: tuple[str, ...] = ()
    webhook_key: str = ""
    creates_rooms_on_join: bool = True
    may_unmute_remotely: bool = False
    room_options: RoomOptions = DEFAULT_OPTIONS
    room_presets: Mapping[str, RoomWish] = field(default_factory=dict)
    limits: Limits = DEFAULT_LIMITS
    admin_host: str | None = None
    admin_port: int | None = None
    admin_username: str = ""
    admin_password: str = field(default="", repr=False)


def read_file(path: Path) -> FileConfig:
    """Raises: ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config", f"cannot read {path}: {error}") from error
    return parse_file(text, folder=path.parent)


def parse_file(text: str, *, folder: Path = Path()) -> FileConfig:
    """`folder`: where names of other files begin.

    Raises:
        ConfigError: it is no TOML, or says something that is not known.
    """
    try:
        root = _Table(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError("config", f"is not TOML: {error}") from error
    media, webhook, admin, room = (root.table(name) for name in ("media", "webhook", "admin", "room"))
    turn = media.table("turn")
    presets = room.table("presets")
    config = FileConfig(
        host=root.text("host"),
        port=root.number("port"),
        log_format=root.choice("log_format", LOG_FORMATS),
        keys=root.table("keys").all_texts(),
        keys_file=root.file("keys_file", folder),
        media_port=media.number("port"),
        media_addresses=media.texts("addresses"),
        media_threads=media.number_or_word("threads", "auto"),
        voices=_voices(media),
        ice_servers=tuple(ice_server(table.all(), table.path) for table in media.tables("ice_servers")),
        turn_port=turn.number("port"),
        turn_tls_port=turn.number("tls_port"),
        turn_domain=turn.text("domain") or "",
        turn_cert=turn.file("cert", folder),
        turn_key=turn.file("key", folder),
        webhook_urls=webhook.texts("urls"),
        webhook_key=webhook.text("api_key") or "",
        creates_rooms_on_join=room.flag("auto_create", default=True),
        may_unmute_remotely=room.flag("enable_remote_unmute", default=False),
        room_options=_room_options(room),
        room_presets={name: _room_wish(presets.table(name)) for name in presets.names},
        limits=_limits(root.table("limits")),
        admin_host=admin.text("host"),
        admin_port=admin.number("port"),
        admin_username=admin.text("username") or "",
        admin_password=admin.text("password") or "",
    )
    root.check_all_read()
    return config


def _voices(table: _Table) -> VoiceLimit:
    most, large_room = table.number("voices"), table.number("large_room")
    return VoiceLimit(
        most=DEFAULT_VOICES.most if most is None else most,
        large_room=DEFAULT_VOICES.large_room if large_room is None else large_room,
    )


def _room_options(table: _Table) -> RoomOptions:
    options = _room_wish(table).over(DEFAULT_OPTIONS)
    max_tracks = table.number("max_tracks")
    return replace(
        options,
        max_tracks=options.max_tracks if max_tracks is None else max_tracks,
        enabled_codecs=table.texts("enabled_codecs") or options.enabled_codecs,
    )


def _room_wish(table: _Table) -> RoomWish:
    return RoomWish(
        empty_timeout_s=table.number("empty_timeout") or 0,
        departure_timeout_s=table.number("departure_timeout") or 0,
        max_participants=table.number("max_participants") or 0,
        metadata=table.text("metadata") or "",
        syncs_streams=table.flag("sync_streams", default=False),
        voices=table.number("voices", most=MOST_VOICES) or 0,
        playout_delay=PlayoutDelay.of(table.number("min_playout_delay") or 0, table.number("max_playout_delay") or 0),
    )


def _limits(table: _Table) -> Limits:
    def number(name: str, default: int) -> int:
        given = table.number(name)
        return default if given is None else given

    usual = DEFAULT_LIMITS
    return Limits(
        rooms=number("rooms", usual.rooms),
        participants=number("participants", usual.participants),
        connections_per_address=number("connections_per_address", usual.connections_per_address),
        joins_per_second=float(number("joins_per_second", int(usual.joins_per_second))),
        join_burst=number("join_burst", usual.join_burst),
    )


class _Table:
    """A table of the file, which knows what of it has been read."""

    def __init__(self, values: Mapping[str, Any], path: str = "") -> None:
        self._values = dict(values)
        self._children: list[_Table] = []
        self.path = path

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._values)

    def text(self, name: str) -> str | None:
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "is not a text")
        return value

    def file(self, name: str, folder: Path) -> Path | None:
        value = self.text(name)
        return None if value is None else folder / value

    def number(self, name: str, *, most: int | None = None) -> int | None:
        value = self._values.pop(name, None)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
            raise self._wrong(name, "is not a whole number from 0 on")
        if value is not None and most is not None and value > most:
            raise self._wrong(name, f"is more than {most}")
        return value

    def number_or_word(self, name: str, word: str) -> str | None:
        """As text."""
        if self._values.get(name) == word:
            return self.text(name)
        number = self.number(name)
        return None if number is None else str(number)

    def flag(self, name: str, *, default: bool) -> bool:
        value = self._values.pop(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "is neither true nor false")
        return value

    def choice(self, name: str, known: tuple[str, ...]) -> str | None:
        value = self.text(name)
        if value is not None and value not in known:
            raise self._wrong(name, f"is none of {', '.join(known)}")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.pop(name, [])
        if not isinstance(value, list) or not all(isinstance(entry, str) for entry in value):
            raise self._wrong(name, "is not a list of texts")
        return tuple(value)

    def all(self) -> dict[str, Any]:
        """As it stands there, for somebody else to read."""
        values, self._values = self._values, {}
        return values

    def all_texts(self) -> dict[str, str]:
        return {name: self.text(name) or "" for name in self.names}

    def table(self, name: str) -> _Table:
        return self._child(name, self._values.pop(name, {}))

    def tables(self, name: str) -> list[_Table]:
        value = self._values.pop(name, [])
        if not isinstance(value, list):
            raise self._wrong(name, "is not a list of tables")
        return [self._child(f"{name}[{index}]", entry) for index, entry in enumerate(value)]

    def check_all_read(self) -> None:
        for name in self._values:
            raise self._wrong(name, "is not known")
        for child in self._children:
            child.check_all_read()

    def _child(self, name: str, values: object) -> _Table:
        if not isinstance(values, dict):
            raise self._wrong(name, "is not a table")
        child = _Table(values, self._path_of(name))
        self._children.append(child)
        return child

    def _path_of(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _wrong(self, name: str, problem: str) -> ConfigError:
        return ConfigError(self._path_of(name), problem)
