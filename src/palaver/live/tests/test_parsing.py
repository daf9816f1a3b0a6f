"""LIVE-001, 004, 005, 007: what a frame may be."""

import json

import pytest
from hypothesis import given, strategies as st

from palaver.config.live_handlers import REGISTRY
from palaver.live import wire
from palaver.live.domain.room_commands import RenameSelf
from palaver.live.parsing import MAX_MESSAGE_BYTES, BrokenMessageError, parse_command, parse_message

HELLO = {"type": "hello", "request_id": "r1", "protocol": 1, "tab_id": "t"}


def refusal(text: str) -> BrokenMessageError:
    with pytest.raises(BrokenMessageError) as caught:
        parse_message(text)
    return caught.value


def test_a_whole_hello_is_read() -> None:
    full = {
        **HELLO,
        "name": "Bob",
        "guest_ticket": "x.y",
        "guest_key": "k" * 22,
        "password": "seven herons",
        "take_over": True,
        "resume": {"participant_id": "p1", "version": 3},
    }
    hello = parse_message(json.dumps(full))
    assert isinstance(hello, wire.Hello)
    assert hello.model_dump(mode="json") == full


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "null",
        "[]",
        '"hello"',
        "1",
        "\x00",
        '{"type": NaN}',
        '{"type": "pong"} {"type": "pong"}',
        "[" * 60_000,
        '{"a":' * 10_000,
        "1" * 10_000,
        '{"type":"pong","type":"hello"}',
        '{"type":"command","request_id":"r","command":{"kind":"leave","kind":"end_for_all"}}',
    ],
)
def test_what_is_not_one_json_object_is_fatal(text: str) -> None:
    """LIVE-001, LIVE-005."""
    broken = refusal(text)
    assert (broken.spec.code, broken.is_fatal) == ("protocol", True)


@pytest.mark.parametrize(
    ("change", "request_id"),
    [
        ({"type": "helo"}, "r1"),
        ({"type": None}, "r1"),
        ({"extra": 1}, "r1"),
        ({"protocol": 2}, "r1"),
        ({"protocol": "1"}, "r1"),
        ({"tab_id": ""}, "r1"),
        ({"guest_key": "short"}, "r1"),
        ({"guest_key": "k" * 129}, "r1"),
        ({"guest_key": "not of base64url: \u00e9 \0"}, "r1"),
        ({"tab_id": "\ud800"}, "r1"),
        ({"take_over": 1}, "r1"),
        ({"take_over": "yes"}, "r1"),
        ({"name": ["Bob"]}, "r1"),
        ({"name": "x" * 401}, "r1"),
        ({"resume": {"participant_id": "p", "version": -1}}, "r1"),
        ({"resume": {"participant_id": "p", "version": 1e3}}, "r1"),
        ({"request_id": 7}, None),
        ({"request_id": "x" * 65}, None),
        ({"request_id": ""}, None),
        ({"request_id": "\ud800"}, None),
        ({"request_id": None}, None),
    ],
)
def test_wrong_fields_are_an_error_that_the_connection_survives(
    change: dict[str, object], request_id: str | None
) -> None:
    """LIVE-007."""
    broken = refusal(json.dumps({**HELLO, **change}))
    assert (broken.spec.code, broken.is_fatal, broken.request_id) == ("invalid_message", False, request_id)


def test_the_size_limit_counts_bytes() -> None:
    """LIVE-004."""
    frame = json.dumps({"type": "pong"})
    assert isinstance(parse_message(frame + " " * (MAX_MESSAGE_BYTES - len(frame))), wire.Pong)
    for text in (frame + " " * (MAX_MESSAGE_BYTES - len(frame) + 1), '"' + "ä" * (MAX_MESSAGE_BYTES // 2) + '"'):
        assert refusal(text).spec.code == "too_large"


def test_a_command_is_read_by_its_own_shape() -> None:
    message = wire.CommandMessage(request_id="r", command={"kind": "rename_self", "name": "Zoe"})
    assert parse_command(message, REGISTRY) == (REGISTRY.find("rename_self"), RenameSelf("Zoe"))


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ({}, "unknown_command"),
        ({"kind": "sudo"}, "unknown_command"),
        ({"kind": ["leave"]}, "unknown_command"),
        ({"kind": "__class__"}, "unknown_command"),
        ({"kind": "rename_self"}, "invalid_message"),
        ({"kind": "rename_self", "name": 1}, "invalid_message"),
        ({"kind": "leave", "participant_id": "p2"}, "invalid_message"),
        ({"kind": "remove_participant", "participant_id": ["p2"]}, "invalid_message"),
        ({"kind": "remove_participant", "participant_id": "x" * 129}, "invalid_message"),
        ({"kind": "react", "reaction": "CLAP"}, "invalid_message"),
        ({"kind": "react", "reaction": "\ud83d"}, "invalid_message"),
        ({"kind": "react", "reaction": ["clap"]}, "invalid_message"),
        ({"kind": "set_standing", "standing": None}, "invalid_message"),
        ({"kind": "set_role", "participant_id": "p2", "role": "admin"}, "invalid_message"),
        ({"kind": "set_role", "participant_id": "p2", "role": 1}, "invalid_message"),
        ({"kind": "set_spotlight", "participant_ids": ["p"] * 17}, "invalid_message"),
        ({"kind": "chat_send", "client_id": "c" * 8, "text": "x", "mentions": ["g"] * 21}, "invalid_message"),
        ({"kind": "chat_send", "client_id": "c" * 8, "text": "x", "file_ids": ["f"] * 11}, "invalid_message"),
        ({"kind": "chat_react", "message_id": "m" * 36, "emoji": "\ufffd"}, "invalid_message"),
    ],
)
def test_a_broken_command_is_refused_with_its_request_id(command: dict[str, object], code: str) -> None:
    """LIVE-007, LIVE-008."""
    with pytest.raises(BrokenMessageError) as caught:
        parse_command(wire.CommandMessage(request_id="r", command=command), REGISTRY)
    assert (caught.value.spec.code, caught.value.request_id, caught.value.is_fatal) == (code, "r", False)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)
fields = st.sampled_from(["type", "request_id", "command", "protocol", "tab_id", "version", "name"])
kinds = st.sampled_from(["hello", "command", "sync", "pong"])


@given(st.text() | json_values.map(json.dumps) | st.dictionaries(fields, json_values | kinds).map(json.dumps))
def test_no_text_makes_the_parser_fail_otherwise(text: str) -> None:
    try:
        message = parse_message(text)
        if isinstance(message, wire.CommandMessage):
            parse_command(message, REGISTRY)
    except BrokenMessageError:
        pass
