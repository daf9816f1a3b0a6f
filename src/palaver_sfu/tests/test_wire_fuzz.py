"""Strangers may send anything: readers answer or name their one error, at once and without much memory."""

from __future__ import annotations

import base64
import contextlib
import gc
import gzip
import random
import sys
import tracemalloc
import zlib

import pytest
from livekit.protocol import rtc

from palaver_sfu.errors import WireError
from palaver_sfu.tests.fuzzing import TARGETS, Fuzzer, parse_offer
from palaver_sfu.wire.join_request import MAX_JOIN_REQUEST_BYTES, read_join_request

SAMPLE = 1_500
MEBIBYTE = 1024 * 1024


@pytest.mark.parametrize("name", TARGETS)
def test_nothing_that_is_sent_breaks_a_reader(name: str) -> None:
    fuzzer = Fuzzer(TARGETS[name], random.Random(name))
    for _ in range(SAMPLE):
        fuzzer.step()
    assert len(fuzzer.kept) > 4


@pytest.mark.parametrize("name", TARGETS)
def test_readers_keep_nothing_of_what_they_read(name: str) -> None:
    inputs = (TARGETS[name].seeds * 200)[:200]
    for _ in range(2):  # once for what is made at the first time
        gc.collect()
        before = sys.getallocatedblocks()
        for data in inputs:
            _read(name, data)
        gc.collect()
        grown = sys.getallocatedblocks() - before
    assert grown < len(inputs)


def _read(name: str, data: bytes) -> None:
    target = TARGETS[name]
    with contextlib.suppress(target.error):
        target.read(data)


def bomb(layers: int) -> bytes:
    """64 MiB of zeros in 64 kB, or packed once more in some hundred bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    zeros = bytes(MEBIBYTE)
    packed = b"".join([*(packer.compress(zeros) for _ in range(64)), packer.flush()])
    for _ in range(layers):
        packed = gzip.compress(packed)
    return packed


@pytest.mark.parametrize("layers", [0, 1])
def test_a_bomb_is_not_unpacked(layers: int) -> None:
    wrapped = rtc.WrappedJoinRequest(compression=rtc.WrappedJoinRequest.GZIP, join_request=bomb(layers))
    parameter = base64.urlsafe_b64encode(wrapped.SerializeToString()).decode()
    tracemalloc.start()
    try:
        with pytest.raises(WireError):
            read_join_request(parameter, parse_offer=parse_offer)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MAX_JOIN_REQUEST_BYTES
