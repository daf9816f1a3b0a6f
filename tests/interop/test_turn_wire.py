"""TURN by the wire, as RFC 8656 has it, without a browser: who gets through, whom it reaches, what strangers hear."""

import asyncio
import hashlib
import hmac
import random
import secrets
import select
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from livekit.protocol import rtc

from palaver.config.origins import MachineNames
from palaver.config.tls import ensure_certificate
from tests.conformance.client import dial, dual_path, token
from tests.interop.test_hostile_packets import SHAPES, resident_bytes
from tests.servers.ports import free_tcp_port
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.timeout(120)]

COOKIE = 0x2112A442
BINDING, ALLOCATE, CREATE_PERMISSION, CHANNEL_BIND = 0x001, 0x003, 0x008, 0x009
CHANNEL = 0x0C
USERNAME, INTEGRITY, ERROR, PEER, REALM, NONCE, TRANSPORT = 0x06, 0x08, 0x09, 0x12, 0x14, 0x15, 0x19
UDP = (TRANSPORT, b"\x11\0\0\0")
GARBAGE = 5_000
MAX_GROWTH_BYTES = 16 * 1024 * 1024


def message(method: int, *attributes: tuple[int, bytes], key: bytes = b"") -> bytes:
    body = b"".join(
        struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4) for kind, value in attributes
    )
    header = struct.pack("!HHI", method, len(body) + (24 if key else 0), COOKIE) + secrets.token_bytes(12)
    if not key:
        return header + body
    tag = hmac.new(key, header + body, hashlib.sha1).digest()
    return header + body + struct.pack("!HH", INTEGRITY, 20) + tag


def attributes(answer: bytes) -> dict[int, bytes]:
    found, rest = {}, answer[20:]
    while rest:
        kind, length = struct.unpack("!HH", rest[:4])
        found[kind] = rest[4 : 4 + length]
        rest = rest[4 + length + -length % 4 :]
    return found


def address(host: str, port: int) -> bytes:
    raw = socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    mask = struct.pack("!I", COOKIE)
    assert len(raw) == 4, "IPv6 is masked by the transaction too"
    return struct.pack("!BBH", 0, 1, port ^ (COOKIE >> 16)) + bytes(a ^ b for a, b in zip(raw, mask, strict=True))


@dataclass
class Caller:
    """One connection or socket to TURN, and what it proves itself with."""

    wire: socket.socket
    is_stream: bool
    username: str = ""
    password: str = ""
    _known: list[tuple[int, bytes]] = field(default_factory=list)
    _key: bytes = b""

    def ask(self, method: int, *more: tuple[int, bytes]) -> int:
        """The code of the refusal, or 0; a challenge is answered once."""
        for _ in range(2):
            answer = self.say(message(method, *more, *self._known, key=self._key))
            told = attributes(answer)
            code = told[ERROR][2] * 100 + told[ERROR][3] if ERROR in told else 0
            if code not in (401, 438) or self._known or not self.username:
                break
            realm = told[REALM]
            self._known = [(USERNAME, self.username.encode()), (REALM, realm), (NONCE, told[NONCE])]
            self._key = hashlib.md5(b":".join([self.username.encode(), realm, self.password.encode()])).digest()
        return code

    def say(self, words: bytes) -> bytes:
        self.wire.sendall(words)
        answer = self.wire.recv(2_048)
        while self.is_stream and len(answer) < 20 + struct.unpack("!H", answer[2:4])[0]:
            answer += self.wire.recv(2_048)
        return answer


@dataclass(frozen=True)
class Relays:
    sfu: SfuAddress
    servers: tuple[rtc.ICEServer, ...]
    plain_port: int
    tls_port: int

    def call(self, kind: str, *, is_known: bool = True) -> Caller:
        port = self.tls_port if kind == "tls" else self.plain_port
        if kind == "udp":
            wire = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            wire.connect(("127.0.0.1", port))
        else:
            wire = socket.create_connection(("127.0.0.1", port))
        if kind == "tls":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            wire = context.wrap_socket(wire)
        wire.settimeout(20)
        (server,) = self.servers
        return Caller(wire, kind != "udp", *((server.username, server.credential) if is_known else ()))


@pytest.fixture(scope="module")
def relays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relays]:
    folder = tmp_path_factory.mktemp("sfu")
    files = ensure_certificate(folder, MachineNames(("localhost",), ()), extra_names=(), now=datetime.now(UTC))
    plain, tls = free_tcp_port(), free_tcp_port()
    options = (
        "--turn-port", str(plain), "--turn-tls-port", str(tls), "--turn-domain", "localhost",
        "--turn-cert", str(files.chain), "--turn-key", str(files.key), "--media-address", "127.0.0.1",
    )  # fmt: skip
    with palaver_sfu(folder, *options, media_threads=2) as sfu:

        async def join() -> tuple[rtc.ICEServer, ...]:
            room = f"room-{uuid4()}"
            async with dial(sfu, dual_path(), token(sfu, "alice", room)) as alice:
                joined = (await alice.next()).join
                assert joined.ice_servers[0].username.endswith(f":{joined.participant.sid}")
                return tuple(joined.ice_servers)

        yield Relays(sfu, asyncio.run(join()), plain, tls)


@pytest.mark.parametrize("kind", ["udp", "tcp", "tls"])
def test_who_joined_gets_through_to_the_media_ports_and_nowhere_else(relays: Relays, kind: str) -> None:
    caller = relays.call(kind)
    with closing(caller.wire):
        assert caller.ask(ALLOCATE, UDP) == 0
        assert caller.ask(CREATE_PERMISSION, (PEER, address("127.0.0.1", relays.sfu.media_port))) == 0
        for host in ("127.0.0.2", "0.0.0.0", "169.254.169.254", "10.0.0.1", "192.0.0.8", "255.255.255.255"):
            assert caller.ask(CREATE_PERMISSION, (PEER, address(host, relays.sfu.media_port))) == 403
        first = relays.sfu.media_port
        for port, code in ((first, 0), (first + 1, 0), (first + 2, 403), (first - 1, 403), (relays.plain_port, 403)):
            channel = struct.pack("!HH", 0x4000 + port - first, 0) if code == 0 else b"\x40\2\0\0"
            peer = address("127.0.0.1", port)
            assert (port, caller.ask(CHANNEL_BIND, (CHANNEL, channel), (PEER, peer))) == (port, code)


def test_who_did_not_join_gets_nothing(relays: Relays) -> None:
    guesser = relays.call("tcp", is_known=False)
    guesser.username, guesser.password = relays.servers[0].username, "a guess"
    with closing(guesser.wire):
        assert guesser.ask(ALLOCATE, UDP) == 401


def test_over_udp_strangers_are_told_less_than_they_say(relays: Relays) -> None:
    caller = relays.call("udp", is_known=False)
    said = heard = 0
    with closing(caller.wire):
        for words in [message(BINDING), message(ALLOCATE, UDP)] * 2_000:
            caller.wire.send(words)
            said += len(words)
            while select.select([caller.wire], [], [], 0)[0]:
                heard += len(caller.wire.recv(2_048))
        while select.select([caller.wire], [], [], 0.5)[0]:
            heard += len(caller.wire.recv(2_048))
    assert 0 < heard < said / 4, (heard, said)


def test_garbage_disturbs_nobody_and_leaves_nothing_behind(relays: Relays) -> None:
    friend = relays.call("tls")
    dice, before = random.Random(7), resident_bytes(relays.sfu.pid)
    with closing(friend.wire), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        assert friend.ask(ALLOCATE, UDP) == 0
        for number in range(GARBAGE):
            words = dice.choice(SHAPES)(dice)
            attacker.sendto(words, ("127.0.0.1", relays.plain_port))
            if number % 20 == 0:
                port = relays.tls_port if number % 40 else relays.plain_port
                with socket.create_connection(("127.0.0.1", port)) as stranger:
                    stranger.sendall(words + b"GET / HTTP/1.1\r\n\r\n")
        assert friend.ask(CREATE_PERMISSION, (PEER, address("127.0.0.1", relays.sfu.media_port))) == 0
    assert resident_bytes(relays.sfu.pid) - before < MAX_GROWTH_BYTES
