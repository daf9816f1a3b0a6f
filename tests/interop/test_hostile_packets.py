"""Garbage on the media port while a call goes on: the call does not notice, and the server does not grow."""

import os
import random
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.e2e.people import is_colour_of
from tests.interop.js_client import JsClient
from tests.servers.sfu import SfuAddress, palaver_sfu

pytestmark = [pytest.mark.interop, pytest.mark.timeout(180)]

PACKETS = 20_000
MAX_GROWTH_BYTES = 24 * 1024 * 1024
MAGIC_COOKIE = 0x2112A442


@pytest.fixture(scope="module")
def sfu(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SfuAddress]:
    with palaver_sfu(tmp_path_factory.mktemp("sfu")) as address:
        yield address


def random_bytes(dice: random.Random) -> bytes:
    return dice.randbytes(dice.choice((0, 1, 2, 3, 7, 12, 19, 20, 60, 500, 1200, 1472)))


def stun_with_broken_attributes(dice: random.Random) -> bytes:
    attributes = struct.pack("!HH", 0x0006, dice.choice((0, 9, 0xFFFF))) + dice.randbytes(dice.randrange(40))
    length = dice.choice((len(attributes), 0, 4, 0xFFFC))
    return struct.pack("!HHI", 0x0001, length, MAGIC_COOKIE) + dice.randbytes(12) + attributes


def stun_with_a_guessed_name(dice: random.Random) -> bytes:
    name = b"abcd:efgh"
    attributes = struct.pack("!HH", 0x0006, len(name)) + name + b"\0" * (-len(name) % 4)
    attributes += struct.pack("!HH", 0x0025, 0) + struct.pack("!HH", 0x0008, 20) + dice.randbytes(20)
    return struct.pack("!HHI", 0x0001, len(attributes), MAGIC_COOKIE) + dice.randbytes(12) + attributes


def dtls_record(dice: random.Random) -> bytes:
    return struct.pack("!BHHIHH", 22, 0xFEFD, 0, 0, dice.randrange(9), dice.choice((4, 200, 0xFFFF))) + dice.randbytes(
        60
    )


def rtp_packet(dice: random.Random) -> bytes:
    first = 0x80 | dice.randrange(64)
    return struct.pack(
        "!BBHII", first, dice.randrange(256), dice.randrange(65536), 7, dice.getrandbits(32)
    ) + dice.randbytes(100)


SHAPES: list[Callable[[random.Random], bytes]] = [
    random_bytes, stun_with_broken_attributes, stun_with_a_guessed_name, dtls_record, rtp_packet,
]  # fmt: skip


def resident_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_garbage_on_the_media_port_disturbs_nobody(sfu: SfuAddress, publisher: JsClient, watcher: JsClient) -> None:
    room = f"room-{uuid4()}"
    publisher.connect(sfu, room)
    watcher.connect(sfu, room)
    publisher.call("publishCamera")
    publisher.call("publishMicrophone")
    watcher.call("see", "alice")
    dice = random.Random(7)
    before = resident_bytes(sfu.pid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as attacker:
        for number in range(PACKETS):
            # From ever new ports, too: a table of unknown addresses must not grow.
            if number % 200 == 0 and number:
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                    stranger.sendto(dice.choice(SHAPES)(dice), ("127.0.0.1", sfu.media_port))
            attacker.sendto(dice.choice(SHAPES)(dice), ("127.0.0.1", sfu.media_port))
    assert is_colour_of(watcher.call("see", "alice")["colour"], "alice")
    assert watcher.call("hear", "alice") > 0
    assert ["Reconnecting", None] not in watcher.page.evaluate("client.events")
    assert ["Reconnecting", None] not in publisher.page.evaluate("client.events")
    assert resident_bytes(sfu.pid) - before < MAX_GROWTH_BYTES
