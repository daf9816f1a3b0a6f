"""A branch as the tenure sees it: a bundle of sockets at the other end, and what is to be said to them next.

A room pushes the same text to each of its sockets. Here that becomes one item with many receivers, and what one turn of
the event loop said becomes one letter; so a broadcast costs a process as much as a single socket did.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from typing_extensions import override

from palaver.live.cluster.letters import Answered, Close, Entered, TenureItem, Text
from palaver.live.domain.people import SocketId
from palaver.live.sockets import Socket
from palaver.live.visits import RoomVisit

Line = int
"""One socket of a branch, as a number that the branch gives it."""


@dataclass(slots=True, eq=False)
class Guestbook:
    """One line's entry: known from its `Enter`, `visit` once it is inside."""

    socket: "LineSocket"
    visit: RoomVisit | None = None
    is_gone: bool = False
    """It went while it was still on the way in."""


@dataclass(slots=True)
class _Saying:
    text: str
    to: list[Line]
    has_newcomer: bool
    """The branch knows a line as open from the first text that names it, so this one must name all."""
    is_for_all: bool = False


class Link:
    """One attachment of a branch. `to` is the process of the branch, None for our own."""

    def __init__(self, name: str, *, to: str | None, now_s: float, on_said: Callable[[], None]) -> None:
        self.name = name
        self.to = to
        self.heard_at_s = now_s
        self.spoke_at_s = now_s
        self.next_in = 1
        self.next_out = 1
        self.lines: dict[Line, Guestbook] = {}
        self.is_closed = False
        self._on_said = on_said
        self._said: list[_Saying | Close | Entered | Answered] = []
        self._open: set[Line] = set()

    @property
    def has_words(self) -> bool:
        """Whether something waits to be taken."""
        return bool(self._said)

    def text(self, line: Line, text: str) -> None:
        """A frame for one socket; the same frame for the next ones joins it."""
        if self.is_closed:
            return
        is_newcomer = line not in self._open
        if self._said:
            last = self._said[-1]
            if type(last) is _Saying and last.text is text:
                last.to.append(line)
                if is_newcomer:
                    self._open.add(line)
                    last.has_newcomer = True
                return
        self._finish_saying()
        self._open.add(line)
        self._said.append(_Saying(text, [line], is_newcomer))
        self._on_said()

    def say(self, item: Close | Entered | Answered) -> None:
        """Anything else, in its turn."""
        if self.is_closed:
            return
        self._finish_saying()
        self._said.append(item)
        if isinstance(item, Close):
            self._forget(item.line)
        self._on_said()

    def drop(self, line: Line) -> None:
        """The line is gone at the other end."""
        if (entry := self.lines.get(line)) is not None:
            entry.is_gone = True
        self._forget(line)

    def visit_of(self, line: Line) -> RoomVisit | None:
        """The visit of a line that is inside."""
        entry = self.lines.get(line)
        return None if entry is None else entry.visit

    def take(self) -> tuple[TenureItem, ...]:
        """What was said since the last time."""
        self._finish_saying()
        said, self._said = self._said, []
        return tuple(
            Text(None if item.is_for_all else tuple(item.to), item.text) if isinstance(item, _Saying) else item
            for item in said
        )

    def close(self) -> None:
        """Say nothing more; what was not taken is lost."""
        self.is_closed = True
        self._said.clear()

    def _finish_saying(self) -> None:
        """The last text gets no more receivers: whether that was everybody is decided while it is still known."""
        if self._said and type(last := self._said[-1]) is _Saying:
            last.is_for_all = not last.has_newcomer and len(last.to) == len(self._open)

    def _forget(self, line: Line) -> None:
        self._open.discard(line)
        self.lines.pop(line, None)


class LineSocket(Socket):
    """A socket at the other end of a link. Watching it is the branch's affair."""

    __slots__ = ("_line", "_link")

    def __init__(self, socket_id: SocketId, link: Link, line: Line) -> None:
        super().__init__(socket_id, now_s=_ALWAYS_HEARD)
        self._link = link
        self._line = line

    @override
    def push(self, text: str) -> None:
        if self.close_code is None:
            self._link.text(self._line, text)

    @override
    def close(self, code: int) -> None:
        if self.close_code is None:
            self.close_code = code
            self._link.say(Close(self._line, code))

    @override
    def cut(self) -> None:
        raise AssertionError("only a branch can tell that a socket does not read")


_ALWAYS_HEARD: Final = math.inf
