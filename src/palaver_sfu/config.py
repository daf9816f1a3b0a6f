"""The SFU's settings: read once, checked whole, frozen."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from palaver_sfu.errors import ConfigError
from palaver_sfu.processors import MAX_MEDIA_THREADS
from palaver_sfu.relaying import NO_TURN, TurnSettings
from palaver_sfu.room.limits import DEFAULT_LIMITS, Limits
from palaver_sfu.room.values import (
    ALL_CODECS,
    DEFAULT_OPTIONS,
    DEFAULT_VOICES,
    MOST_VOICES,
    RoomOptions,
    RoomWish,
    VoiceLimit,
)
from palaver_sfu.session.state import DEFAULT_TIMING, Timing
from palaver_sfu.wire.ice_servers import IceServer, TurnServer

MIN_SECRET_BYTES = 32  # as long as the digest of HS256 (RFC 7518, 3.2)
DEFAULT_PORT = 7880
DEFAULT_MEDIA_PORT = 7882
DEV_KEYS = {"devkey": "secret"}
MAX_PORT = 65_535


@dataclass(frozen=True, slots=True)
class AdminSettings:
    """Where operators look, if at all. Without a password only this machine may."""

    port: int
    host: str = "127.0.0.1"
    username: str = ""
    password: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        check_port("admin.port", self.port)
        try:
            is_loopback = self.host == "localhost" or ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            raise ConfigError("admin.host", f"{self.host!r} is not an IP address") from None
        if not self.password and not is_loopback:
            raise ConfigError("admin.password", f"is needed where others can reach the port, as on {self.host}")
        if self.password and not self.username:
            raise ConfigError("admin.username", "is needed beside a password")


@dataclass(frozen=True, slots=True)
class SfuSettings:
    """Everything that `create_app` needs.

    `media_addresses` are announced as candidates exactly as given; empty means every address of an interface that
    is up. `media_port` 0 takes any free UDP port; of several `media_threads` each has one, from `media_port` on.
    `ice_servers` are those that the operator runs. `is_dev` allows secrets that are too short for anything else.
    """

    keys: Mapping[str, str] = field(repr=False)
    media_port: int = DEFAULT_MEDIA_PORT
    media_addresses: tuple[str, ...] = ()
    media_threads: int = 1
    voices: VoiceLimit = DEFAULT_VOICES
    webhook_urls: tuple[str, ...] = ()
    webhook_api_key: str = ""
    is_dev: bool = False
    creates_rooms_on_join: bool = True
    may_unmute_remotely: bool = False
    room_options: RoomOptions = DEFAULT_OPTIONS
    room_presets: Mapping[str, RoomWish] = field(default_factory=dict)
    timing: Timing = DEFAULT_TIMING
    limits: Limits = DEFAULT_LIMITS
    ice_servers: tuple[IceServer | TurnServer, ...] = ()
    turn: TurnSettings = NO_TURN

    def __post_init__(self) -> None:
        _check_keys(self.keys, is_dev=self.is_dev)
        check_port("media-port", self.media_port)
        for address in self.media_addresses:
            check_address("media-address", address)
        _check_codecs(self.room_options.enabled_codecs)
        if not 1 <= self.media_threads <= MAX_MEDIA_THREADS:
            raise ConfigError("media-threads", f"must be 1 to {MAX_MEDIA_THREADS}, or auto")
        if self.media_port and self.media_port + self.media_threads - 1 > MAX_PORT:
            raise ConfigError("media-threads", f"there are not as many ports from {self.media_port} on")
        if not 1 <= self.voices.most <= MOST_VOICES:
            raise ConfigError("voices", f"must be 1 to {MOST_VOICES}")
        if self.voices.large_room < self.voices.most:
            raise ConfigError("large-room", "must not be less than voices")
        for url in self.webhook_urls:
            check_url("webhook-url", url)
        if self.webhook_urls and self.webhook_api_key not in self.keys:
            raise ConfigError("webhook-key", "names no known API key; one is needed to sign webhooks")


def check_port(setting: str, port: int) -> None:
    if not 0 <= port <= MAX_PORT:
        raise ConfigError(setting, f"{port} is not a port (0 to {MAX_PORT})")


def check_address(setting: str, text: str) -> None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise ConfigError(setting, f"{text!r} is not an IP address") from None
    if address.is_unspecified or address.is_multicast:
        raise ConfigError(setting, f"{text} is not an address that clients can reach")


def check_url(setting: str, url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ConfigError(setting, f"{url!r} is not an http or https address")


def parse_keys(text: str) -> dict[str, str]:
    """A keys file: one `name: secret` a line; empty lines and lines that start with # do not count."""
    keys: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        entry = line.strip()
        if not entry or entry.startswith("#"):
            continue
        name, separator, secret = entry.partition(":")
        if not separator or not name.strip() or not secret.strip():
            raise ConfigError("keys-file", f"line {number} is not `name: secret`")
        name, secret = name.strip().strip("\"'"), secret.strip().strip("\"'")
        if name in keys:
            raise ConfigError("keys-file", f"line {number} names {name!r} for the second time")
        keys[name] = secret
    if not keys:
        raise ConfigError("keys-file", "holds no key")
    return keys


def _check_codecs(codecs: tuple[str, ...]) -> None:
    for codec in codecs:
        if codec not in ALL_CODECS:
            raise ConfigError("room.enabled_codecs", f"{codec!r} is none of {', '.join(ALL_CODECS)}")
    if not any(codec.startswith("audio/") for codec in codecs):
        raise ConfigError("room.enabled_codecs", "leaves no codec for sound")


def _check_keys(keys: Mapping[str, str], *, is_dev: bool) -> None:
    if not keys:
        raise ConfigError("keys", "at least one API key is needed")
    for name, secret in keys.items():
        if not name or not secret:
            raise ConfigError("keys", "a key needs a name and a secret")
        if not is_dev and len(secret.encode()) < MIN_SECRET_BYTES:
            raise ConfigError("keys", f"the secret of {name!r} is shorter than {MIN_SECRET_BYTES} bytes")
