"""What a room says to sockets at the other end of a link, bundled: each socket hears exactly what it was told."""

from hypothesis import given, strategies as st

from palaver.live.cluster.letters import Close, Text
from palaver.live.cluster.links import LineSocket, Link
from palaver.live.domain.people import SocketId


def link() -> Link:
    return Link("l", to="other", now_s=0.0, on_said=lambda: None)


class Branch:
    """The other end."""

    def __init__(self) -> None:
        self.lines: set[int] = set()
        self.open: set[int] = set()
        self.heard: dict[int, list[str]] = {}

    def take(self, items: tuple[object, ...]) -> None:
        for item in items:
            match item:
                case Text(to, text):
                    for line in tuple(self.open) if to is None else to:
                        if line in self.lines:
                            self.open.add(line)
                            self.heard.setdefault(line, []).append(text)
                case Close(line, code):
                    self.heard.setdefault(line, []).append(f"close {code}")
                    self.lines.discard(line)
                    self.open.discard(line)


_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 5), st.integers(0, 2)),
        st.tuples(st.just("broadcast"), st.just(0), st.integers(0, 2)),
        st.tuples(st.just("come"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("close"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("gone"), st.integers(1, 5), st.just(0)),
        st.tuples(st.just("flush"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@given(_STEPS)
def test_bundled_texts_reach_exactly_those_who_were_told(steps: list[tuple[str, int, int]]) -> None:
    texts = ["ä" * 40, "b" * 40, "c" * 40]
    there, branch = link(), Branch()
    sockets: dict[int, LineSocket] = {}
    told: dict[int, list[str]] = {}
    used: set[int] = set()
    for what, line, which in steps:
        match what:
            case "come" if line not in used:
                used.add(line)
                branch.lines.add(line)
                sockets[line] = LineSocket(SocketId(line), there, line)
            case "say" if line in sockets:
                sockets[line].push(texts[which])
                told.setdefault(line, []).append(texts[which])
            case "broadcast":
                for other, socket in sockets.items():
                    socket.push(texts[which])
                    told.setdefault(other, []).append(texts[which])
            case "close" if line in sockets:
                sockets.pop(line).close(4000)
                told.setdefault(line, []).append("close 4000")
            case "gone" if line in sockets:
                # What was said before the branch heard of it may or may not arrive; nothing said later does.
                branch.take(there.take())
                branch.lines.discard(line)
                branch.open.discard(line)
                sockets.pop(line)
                there.drop(line)
            case "flush":
                branch.take(there.take())
    branch.take(there.take())
    assert branch.heard == told


def test_a_broadcast_is_one_item_that_names_nobody() -> None:
    there = link()
    sockets = [LineSocket(SocketId(number), there, number) for number in range(100)]
    for socket in sockets:
        socket.push(f"welcome {socket.id}")
    there.take()
    text = "news"
    for socket in sockets:
        socket.push(text)
    assert there.take() == (Text(None, "news"),)


def test_a_closed_link_says_nothing() -> None:
    there = link()
    socket = LineSocket(SocketId(1), there, 1)
    there.close()
    socket.push("too late")
    socket.close(4000)
    assert not there.has_words
