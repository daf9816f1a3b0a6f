"""Reserved ports: never the kernel's, never twice, never another process's."""

import socket
import subprocess
import sys
from itertools import chain, islice

import pytest

from tests.servers.palaver import ROOT
from tests.servers.ports import free_tcp_port, free_udp_port, outside_of_the_kernels, reserve, shuffled

RESERVE_ONE_OF = """
import socket, sys
from tests.servers.ports import reserve
print(reserve(socket.SOCK_STREAM, iter(map(int, sys.argv[1:]))), flush=True)
sys.stdin.read()
"""


def reserving(*ports: int) -> subprocess.Popen[str]:
    """Another test process, which reserves one of *ports* and keeps it until its input is closed."""
    words = [sys.executable, "-c", RESERVE_ONE_OF, *map(str, ports)]
    return subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_the_kernel_gives_none_of_them_to_a_socket_that_asks_for_any() -> None:
    ours = set(outside_of_the_kernels())
    for kind, mine in ((socket.SOCK_STREAM, free_tcp_port()), (socket.SOCK_DGRAM, free_udp_port())):
        assert mine in ours
        with socket.socket(socket.AF_INET, kind) as any_port:
            any_port.bind(("127.0.0.1", 0))
            assert any_port.getsockname()[1] not in ours


def test_no_port_is_given_twice_whatever_the_kind() -> None:
    given = [port for _ in range(20) for port in (free_tcp_port(), free_udp_port())]
    assert len(set(given)) == len(given)


def test_another_process_is_not_given_what_this_one_holds() -> None:
    mine, candidates = free_tcp_port(), islice(shuffled(outside_of_the_kernels()), 100)
    with reserving(mine, *candidates) as other:
        assert told(other) != mine
        other.communicate()


def test_what_another_process_holds_is_free_again_when_it_ends() -> None:
    with reserving(*islice(shuffled(outside_of_the_kernels()), 100)) as other:
        theirs = told(other)
        with pytest.raises(RuntimeError, match="no port"):
            reserve(socket.SOCK_STREAM, iter([theirs]))
        other.kill()
        other.wait()
    assert reserve(socket.SOCK_STREAM, iter([theirs])) == theirs


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_somebody_uses_on_any_interface_is_passed_over(kind: socket.SocketKind, address: str) -> None:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind((address, 0))
        if kind is socket.SOCK_STREAM:
            taken.listen()
        used: int = taken.getsockname()[1]
        assert reserve(kind, chain([used], shuffled(outside_of_the_kernels()))) != used
