"""Calls of participants that wait for their answer. Loop only, no locks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from palaver_sfu.errors import ApiCode, ApiError
from palaver_sfu.room.values import ParticipantSid
from palaver_sfu.wire.rpc import (
    ACK_TIMEOUT,
    ACKNOWLEDGE_S,
    RECIPIENT_LEFT,
    RESPONSE_TIMEOUT,
    RpcAcknowledged,
    RpcAnswered,
    read_rpc_reply,
    rpc_error,
)

MAX_CALLS = 1_000


@dataclass(slots=True)
class _Call:
    sid: ParticipantSid
    answer: asyncio.Future[str]
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)


class Calls:
    """The open calls of one server. Only whom a call went to can answer it."""

    def __init__(self) -> None:
        self._open: dict[str, _Call] = {}

    def __len__(self) -> int:
        return len(self._open)

    def begin(self, call: str, sid: ParticipantSid) -> None:
        """Before the packet is sent: an answer may come at once.

        Raises:
            ApiError: too many calls are open.
        """
        if len(self._open) >= MAX_CALLS:
            raise ApiError(ApiCode.RESOURCE_EXHAUSTED, "too many calls are waiting for their answer")
        self._open[call] = _Call(sid=sid, answer=asyncio.get_running_loop().create_future())

    async def end(self, call: str, *, response_s: float) -> str:
        """The answer to `call`, which is over after that however it ends.

        Raises:
            ApiError: it failed, or none came in time.
        """
        waiting = self._open[call]
        try:
            async with asyncio.timeout(response_s):
                try:
                    async with asyncio.timeout(ACKNOWLEDGE_S):
                        await waiting.acknowledged.wait()
                except TimeoutError:
                    raise rpc_error(ACK_TIMEOUT) from None
                return await waiting.answer
        except TimeoutError:
            raise rpc_error(RESPONSE_TIMEOUT) from None
        finally:
            del self._open[call]
            waiting.answer.cancel()

    def abandon(self, call: str) -> None:
        """The packet could not be sent."""
        del self._open[call]

    def take(self, sid: ParticipantSid, payload: bytes) -> bool:
        """Whether the packet `payload` of `sid` was about one of these calls, and goes nowhere else."""
        if not self._open:
            return False
        reply = read_rpc_reply(payload)
        waiting = None if reply is None else self._open.get(reply.call)
        if waiting is None or waiting.sid != sid:
            return False
        waiting.acknowledged.set()
        match reply:
            case RpcAnswered(error=ApiError() as error):
                _fail(waiting, error)
            case RpcAnswered(payload=text) if not waiting.answer.done():
                waiting.answer.set_result(text)
            case RpcAcknowledged() | RpcAnswered() | None:
                pass
        return True

    def left(self, sid: ParticipantSid) -> None:
        """`sid` is gone: nobody will answer for it."""
        for waiting in self._open.values():
            if waiting.sid == sid:
                waiting.acknowledged.set()
                _fail(waiting, rpc_error(RECIPIENT_LEFT))


def _fail(waiting: _Call, error: ApiError) -> None:
    if not waiting.answer.done():
        waiting.answer.set_exception(error)
