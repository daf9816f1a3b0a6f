"""Which STUN and TURN servers participants are told of, and what settings of them are refused."""

import json
from pathlib import Path

import pytest

from palaver_sfu.errors import ConfigError
from palaver_sfu.relaying import TurnSettings, read_ice_servers
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.wire.ice_servers import IceServer, IceServers, TurnServer, password

PEM = (Path("chain.pem"), Path("key.pem"))


def test_a_password_is_what_every_maker_of_time_limited_ones_computes() -> None:
    # The same in media/crates/turn, which has to agree.
    assert password(b"north", "1700000000:PA_alice") == "mOJHh8ZD3X9PJoNMfxtROyvulYc="


def test_credentials_are_of_one_participant_and_end() -> None:
    servers = IceServers(clock=lambda: 1_000.0, servers=(TurnServer(("turn:t",), b"north", lifetime_s=60),))
    alice, bob = (servers.for_participant(ParticipantSid(sid))[0] for sid in ("PA_alice", "PA_bob"))
    assert (alice.username, bob.username) == ("1060:PA_alice", "1060:PA_bob")
    assert alice.credential != bob.credential


def test_nobody_is_told_of_a_server_that_nobody_set() -> None:
    assert IceServers(clock=lambda: 0.0).for_participant(ParticipantSid("PA_alice")) == []
    assert not TurnSettings().is_on


def test_clients_are_told_the_domain_or_else_the_media_addresses() -> None:
    addresses = ("192.0.2.1", "2001:db8::1")
    assert TurnSettings(port=3478).urls(addresses) == (
        "turn:192.0.2.1:3478?transport=udp",
        "turn:192.0.2.1:3478?transport=tcp",
        "turn:[2001:db8::1]:3478?transport=udp",
        "turn:[2001:db8::1]:3478?transport=tcp",
    )
    settings = TurnSettings(tls_port=5349, https_port=443, domain="meet.example.org", certificate=PEM)
    assert settings.urls(addresses) == (
        "turns:meet.example.org:5349?transport=tcp",
        "turns:meet.example.org:443?transport=tcp",
    )


@pytest.mark.parametrize(
    ("options", "setting"),
    [
        ({"port": 70_000}, "turn-port"),
        ({"tls_port": -1}, "turn-tls-port"),
        ({"tls_port": 443, "domain": "t.example.org"}, "turn-tls-port"),
        ({"tls_port": 443, "certificate": PEM}, "turn-domain"),
        ({"tls_port": 443, "port": 443, "domain": "t.example.org", "certificate": PEM}, "turn-tls-port"),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(options: dict[str, object], setting: str) -> None:
    with pytest.raises(ConfigError) as refused:
        TurnSettings(**options)  # type: ignore[arg-type]
    assert refused.value.setting == setting


def test_servers_of_the_operator_have_a_fixed_password_or_a_shared_secret(tmp_path: Path) -> None:
    entries = [
        {"urls": "stun:stun.example.org"},
        {"urls": ["turn:a", "turns:a"], "username": "u", "credential": "c"},
        {"urls": ["turn:b"], "secret": "north", "lifetime_s": 60},
    ]
    path = tmp_path / "ice.json"
    path.write_text(json.dumps(entries))
    assert read_ice_servers(path) == (
        IceServer(("stun:stun.example.org",)),
        IceServer(("turn:a", "turns:a"), "u", "c"),
        TurnServer(("turn:b",), b"north", 60),
    )
    assert "north" not in repr(read_ice_servers(path))


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "[1]",
        "[{}]",
        "not json",
        '[{"urls": []}]',
        '[{"urls": ["http://t"]}]',
        '[{"urls": "turn:t", "password": "x"}]',
        '[{"urls": "turn:t", "credential": 5}]',
        '[{"urls": "turn:t", "secret": "s", "lifetime_s": 0}]',
    ],
)
def test_a_list_of_servers_that_says_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "ice.json"
    path.write_text(text)
    with pytest.raises(ConfigError) as refused:
        read_ice_servers(path)
    assert refused.value.setting.partition("[")[0] == "ice-servers"
