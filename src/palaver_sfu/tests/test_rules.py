"""Small rules: layers, quality, settings, addresses, pace, logs."""

import ipaddress
import json
import logging
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from palaver_sfu import logs
from palaver_sfu.adapters.addresses import is_announceable, local_addresses
from palaver_sfu.cli import main
from palaver_sfu.config import SfuSettings, parse_keys
from palaver_sfu.errors import ConfigError
from palaver_sfu.http.pace import BURST, PER_SECOND, Pace, cost_of
from palaver_sfu.room.layers import spatial_layer
from palaver_sfu.room.quality import judge
from palaver_sfu.room.values import (
    ConnectionQuality,
    LinkStats,
    TrackInfo,
    TrackKind,
    TrackSettings,
    TrackSid,
    TrackSource,
    VideoLayer,
    VideoQuality,
    VoiceLimit,
)
from palaver_sfu.tests.rehearsal import THREE_LAYERS

GOOD_KEYS = {"key": "x" * 32}


def video(*layers: VideoLayer) -> TrackInfo:
    return TrackInfo(sid=TrackSid("TR_1"), kind=TrackKind.VIDEO, source=TrackSource.CAMERA, layers=layers)


@pytest.mark.parametrize(
    ("layers", "settings", "expected"),
    [
        (THREE_LAYERS, TrackSettings(), 2),
        (THREE_LAYERS, TrackSettings(width=320, height=180), 0),
        (THREE_LAYERS, TrackSettings(width=321, height=180), 1),
        (THREE_LAYERS, TrackSettings(width=180, height=320), 0),
        (THREE_LAYERS, TrackSettings(quality=VideoQuality.MEDIUM), 1),
        (THREE_LAYERS[:2], TrackSettings(quality=VideoQuality.HIGH), 1),
        (THREE_LAYERS[2:], TrackSettings(quality=VideoQuality.LOW), 0),
        ((), TrackSettings(quality=VideoQuality.MEDIUM), 1),
        ((), TrackSettings(width=100, height=100), 2),
        (THREE_LAYERS, TrackSettings(quality=VideoQuality.OFF), 0),
    ],
)
def test_the_smallest_layer_that_will_do(
    layers: tuple[VideoLayer, ...], settings: TrackSettings, expected: int
) -> None:
    assert spatial_layer(video(*layers), settings, fallback=VideoQuality.HIGH) == expected


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_a_larger_view_never_gets_a_smaller_layer(width: int, height: int) -> None:
    def layer(factor: int) -> int:
        settings = TrackSettings(width=width * factor, height=height * factor)
        return spatial_layer(video(*THREE_LAYERS), settings, fallback=VideoQuality.HIGH)

    if width and height:
        assert layer(1) <= layer(2)


@pytest.mark.parametrize(
    ("rtt_ms", "loss", "expected"),
    [
        (None, 0.0, ConnectionQuality.EXCELLENT),
        (30.0, 0.019, ConnectionQuality.EXCELLENT),
        (30.0, 0.02, ConnectionQuality.GOOD),
        (250.0, 0.0, ConnectionQuality.GOOD),
        (30.0, 0.08, ConnectionQuality.POOR),
        (900.0, 0.0, ConnectionQuality.POOR),
    ],
)
def test_quality_follows_loss_and_delay(rtt_ms: float | None, loss: float, expected: ConnectionQuality) -> None:
    for stats in (LinkStats(rtt_ms, loss, 0.0, 0, 0), LinkStats(rtt_ms, 0.0, loss, 0, 0)):
        assert judge(stats) is expected


@pytest.mark.parametrize(
    ("fields", "setting"),
    [
        ({"keys": {}}, "keys"),
        ({"keys": {"short": "secret"}}, "keys"),
        ({"media_port": 70_000}, "media-port"),
        ({"media_addresses": ("nowhere",)}, "media-address"),
        ({"media_addresses": ("0.0.0.0",)}, "media-address"),
        ({"webhook_urls": ("ftp://x",), "webhook_api_key": "key"}, "webhook-url"),
        ({"webhook_urls": ("http://x",), "webhook_api_key": "other"}, "webhook-key"),
        ({"media_threads": 0}, "media-threads"),
        ({"media_threads": 65}, "media-threads"),
        ({"media_threads": 3, "media_port": 65_534}, "media-threads"),
        ({"voices": VoiceLimit(most=0)}, "voices"),
        ({"voices": VoiceLimit(most=6)}, "voices"),
        ({"voices": VoiceLimit(most=3, large_room=2)}, "large-room"),
    ],
)
def test_impossible_settings_are_named(fields: dict[str, object], setting: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        SfuSettings(**{"keys": GOOD_KEYS, **fields})  # type: ignore[arg-type]
    assert refusal.value.setting == setting
    assert str(refusal.value).startswith(f"{setting}: ")


def test_short_secrets_pass_only_in_development() -> None:
    assert SfuSettings(keys={"devkey": "secret"}, is_dev=True).media_port == 7882


def test_secrets_are_not_shown() -> None:
    assert "x" * 32 not in repr(SfuSettings(keys=GOOD_KEYS))


def test_a_keys_file_is_lines_of_names_and_secrets() -> None:
    assert parse_keys("# ours\n\nname: secret:with:colons\n other:x\n") == {"name": "secret:with:colons", "other": "x"}
    for broken in ("", "name", "name:", ": x"):
        with pytest.raises(ConfigError, match="keys-file"):
            parse_keys(broken)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], "keys-file"),
        (["--dev", "--port", "99999"], "port"),
        (["--dev", "--media-port", "-1"], "media-port"),
        (["--dev", "--media-address", "x"], "media-address"),
        (["--dev", "--colour", "blue"], "--colour"),
        (["--dev", "--port", "many"], "--port"),
        (["--dev", "--log-format", "xml"], "--log-format"),
        (["--keys-file", "/does/not/exist"], "keys-file"),
    ],
)
def test_the_command_refuses_settings_in_one_line_with_code_2(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str], restored_logging: None
) -> None:
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    lines = capsys.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(lines) == 1
    assert named in lines[0]


def test_a_keys_file_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str], restored_logging: None) -> None:
    path = tmp_path / "keys"
    path.write_text("name: short\n")
    assert main(["--keys-file", str(path)]) == 2
    assert "'name'" in capsys.readouterr().err
    assert "short\n" not in capsys.readouterr().err


@pytest.fixture
def restored_logging() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1", False),
        ("169.254.1.1", False),
        ("fe80::1", False),
        ("::1", False),
        ("192.168.1.4", True),
        ("2001:db8::1", True),
        ("224.0.0.1", False),
    ],
)
def test_loopback_and_link_local_are_not_announced(text: str, expected: bool) -> None:
    assert is_announceable(ipaddress.ip_address(text)) is expected


def test_this_machines_addresses_are_found_ipv4_first() -> None:
    found = [ipaddress.ip_address(text) for text in local_addresses()]
    assert all(is_announceable(address) for address in found)
    assert [address.version for address in found] == sorted(address.version for address in found)


def test_a_talkative_client_is_slowed_not_cut() -> None:
    pace = Pace()
    assert all(pace.wait_s(0.0) == 0.0 for _ in range(BURST))
    assert pace.wait_s(0.0) == pytest.approx(1 / PER_SECOND)
    assert pace.wait_s(10.0) == 0.0


def test_large_frames_count_as_many_messages_and_text_as_more() -> None:
    assert cost_of(b"ping") == pytest.approx(1.0, abs=0.01)
    assert cost_of(bytes(512 * 1024)) == pytest.approx(513.0)
    assert cost_of("x" * 64 * 1024) == pytest.approx(513.0)
    pace = Pace()
    assert pace.wait_s(0.0, BURST + 200.0) == pytest.approx(200 / PER_SECOND)


@pytest.mark.parametrize("formatter", [logs.TextFormatter(), logs.JsonFormatter()])
def test_no_token_reaches_a_log(formatter: logging.Formatter) -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJkZXZrZXkifQ.c2lnbmF0dXJl"
    record = logging.LogRecord("x", logging.INFO, "f", 1, "GET /rtc?access_token=%s&a=1", (token,), None)
    record.url = f"http://x/?join_request=abcdef&t={token}"
    line = formatter.format(record)
    assert token not in line
    assert "abcdef" not in line
    assert "a=1" in line


def test_json_lines_hold_the_fields() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "room opened", (), None)
    record.room = "standup"
    entry = json.loads(logs.JsonFormatter().format(record))
    assert (entry["message"], entry["room"], entry["level"]) == ("room opened", "standup", "info")
