"""The configuration file: what it may say, and how it says what is wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from palaver_sfu.cli import Options, _Parser, add_arguments, main, read_options
from palaver_sfu.config_file import FileConfig, parse_file
from palaver_sfu.errors import ConfigError
from palaver_sfu.room.limits import DEFAULT_LIMITS
from palaver_sfu.room.values import DEFAULT_OPTIONS, RoomWish
from palaver_sfu.wire.ice_servers import TurnServer

EXAMPLE = Path(__file__).parents[3] / "docs/reference/sfu.example.toml"
KEYS = '[keys]\nfirst = "a-secret-of-at-least-thirty-two-bytes"\n'


def options(*arguments: str) -> Options:
    parser = _Parser(prog="palaver sfu")
    add_arguments(parser)
    return read_options(parser.parse_args(arguments))


def test_the_documented_example_says_what_is_usual() -> None:
    config = parse_file(EXAMPLE.read_text(), folder=Path("/etc/palaver"))
    usual = FileConfig()
    assert config.room_options == usual.room_options == DEFAULT_OPTIONS
    assert config.limits == usual.limits == DEFAULT_LIMITS
    assert (config.creates_rooms_on_join, config.may_unmute_remotely, config.media_threads) == (True, False, "1")
    assert config.keys_file == Path("/etc/palaver/keys.yaml")
    assert config.room_presets["webinar"] == RoomWish(
        max_participants=500, empty_timeout_s=600, metadata='{"kind": "webinar"}'
    )
    assert config.ice_servers[0].urls == ("turn:turn.example.org:3478?transport=udp",)


def test_a_turn_server_that_shares_a_secret_is_read_as_from_a_list_of_its_own() -> None:
    config = parse_file("[[media.ice_servers]]\nurls = ['turn:t']\nsecret = 'north'\nlifetime_s = 60\n")
    assert config.ice_servers == (TurnServer(("turn:t",), b"north", 60),)


def test_an_empty_file_changes_nothing() -> None:
    assert parse_file("") == FileConfig()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("prot = 1", "prot: is not known"),
        ("[room]\nmax_participant = 3", "room.max_participant: is not known"),
        ("[room.presets.a]\nempty = 3", "room.presets.a.empty: is not known"),
        ("port = '7880'", "port: is not a whole number"),
        ("port = true", "port: is not a whole number"),
        ("[limits]\nrooms = -1", "limits.rooms: is not a whole number"),
        ("[room]\nauto_create = 'yes'", "room.auto_create: is neither true nor false"),
        ("[media]\nthreads = 'many'", "media.threads: is not a whole number"),
        ("[room.presets.a]\nvoices = 6", "room.presets.a.voices: is more than 5"),
        ("log_format = 'xml'", "log_format: is none of text, json"),
        ("media = 3", "media: is not a table"),
        ("[media]\naddresses = [1]", "media.addresses: is not a list of texts"),
        ("[[media.ice_servers]]\nurls = []", r"media.ice_servers\[0\]: has no urls"),
        ("[[media.ice_servers]]\nurls = ['https://x']", "has no urls that begin with stun:"),
        ("[[media.ice_servers]]\nurls = ['turn:t']\npassword = 'x'", "may have only"),
        ("[keys]\na = 3", "keys.a: is not a text"),
        ("port =", "config: is not TOML"),
    ],
)
def test_what_cannot_be_is_named_with_its_path(text: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        parse_file(text)


def test_media_threads_are_a_number_or_one_for_each_processor(tmp_path: Path) -> None:
    path = tmp_path / "sfu.toml"
    path.write_text(f'{KEYS}[media]\nthreads = "auto"\n')
    processors = len(os.sched_getaffinity(0))
    assert options("--config", str(path)).sfu.media_threads == min(processors, 64)
    assert options("--config", str(path), "--media-threads", "3").sfu.media_threads == 3
    path.write_text(f"{KEYS}[media]\nthreads = 2\n")
    assert options("--config", str(path)).sfu.media_threads == 2
    for wrong in ("0", "65", "many", "-1", "²"):
        with pytest.raises(ConfigError, match="media-threads: must be from 1 to 64, or auto"):
            options("--dev", "--media-threads", wrong)


def test_options_win_over_the_file(tmp_path: Path) -> None:
    path = tmp_path / "sfu.toml"
    path.write_text(f'host = "127.0.0.2"\nport = 1\nlog_format = "json"\n{KEYS}[media]\nport = 2\n[admin]\nport = 3\n')
    by_file = options("--config", str(path))
    assert by_file.sfu.media_threads == 1
    assert (by_file.host, by_file.port, by_file.sfu.media_port, by_file.log_format) == ("127.0.0.2", 1, 2, "json")
    assert by_file.admin is not None
    assert (by_file.admin.port, by_file.admin.host) == (3, "127.0.0.1")
    by_option = options("--config", str(path), "--port", "0", "--media-port", "0", "--log-format", "text")
    assert (by_option.port, by_option.sfu.media_port, by_option.log_format) == (0, 0, "text")


def test_without_a_file_all_is_as_usual() -> None:
    usual = options("--dev")
    assert (usual.host, usual.port, usual.sfu.media_port, usual.admin) == ("127.0.0.1", 7880, 7882, None)
    assert usual.sfu.webhook_api_key == "devkey"


@pytest.mark.parametrize(
    ("admin", "setting"),
    [
        ("port = 1\nhost = '0.0.0.0'", "admin.password"),
        ("port = 1\npassword = 'p'", "admin.username"),
        ("port = 1\nhost = 'example.org'", "admin.host"),
        ("port = 70000", "admin.port"),
        ("password = 'p'", "admin.port"),
    ],
)
def test_the_port_of_operators_is_never_open_to_everybody(tmp_path: Path, admin: str, setting: str) -> None:
    path = tmp_path / "sfu.toml"
    path.write_text(f"{KEYS}[admin]\n{admin}\n")
    with pytest.raises(ConfigError) as refusal:
        options("--config", str(path))
    assert refusal.value.setting == setting


def test_a_check_reads_everything_and_ends(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "sfu.toml"
    path.write_text(KEYS)
    assert main(["--config", str(path), "--check"]) == 0
    path.write_text(KEYS + "[room]\nenabled_codecs = ['video/VP8']\n")
    assert main(["--config", str(path), "--check"]) == 2
    assert main(["--config", str(tmp_path / "none.toml"), "--check"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(":")[1].strip() for line in lines] == ["room.enabled_codecs", "config"]
