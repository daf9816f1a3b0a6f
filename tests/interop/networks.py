"""A browser on a network of its own: two namespaces, its machine and a router to the server that can block and cut.

Only rules of routing are used, so that nothing but `ip` and the rights of root are needed: what a rule of the router
forbids is lost without a word, as behind most firewalls, and neither end is told.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.people import CHROMIUM

# Below the rule of all local addresses (0) and above all others.
_CUT, _ALLOW, _FORBID = 5, 10, 20
_NUMBERS = iter(range(1, 200))


def can_make_networks() -> bool:
    """Whether this machine lets us: on Linux, as root, with iproute2."""
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"palaver-probe-{os.getpid()}"
    if subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode:
        return False
    subprocess.run(["ip", "netns", "del", name], check=True)
    return True


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=20)


@dataclass
class Network:
    """One client's network. The server is reached at `server`; what is not forbidden passes."""

    name: str
    server: str
    client: str

    @property
    def router(self) -> str:
        return f"{self.name}r"

    def only_tcp(self, *ports: int) -> None:
        """Let nothing out but TCP, to these ports if there are any."""
        selectors: list[tuple[str, ...]] = [("dport", str(port)) for port in ports]
        for selector in selectors or [()]:
            self._rule("ipproto", "tcp", *selector, "lookup", "main", "pref", str(_ALLOW))
        self._rule("iif", "inner", "blackhole", "pref", str(_FORBID))

    def cut(self) -> None:
        """Nothing passes in either direction."""
        for interface in ("inner", "outer"):
            self._rule("iif", interface, "blackhole", "pref", str(_CUT))

    def mend(self) -> None:
        """Undo `cut`."""
        for _ in range(2):
            _ip("-n", self.router, "rule", "del", "pref", str(_CUT))

    def move(self) -> None:
        """Another address, as after a change of the network; the old one is gone."""
        new = self.client.rsplit(".", 1)[0] + ".77"
        _ip("-n", self.name, "addr", "flush", "dev", "way")
        _ip("-n", self.name, "addr", "add", f"{new}/25", "dev", "way")
        _ip("-n", self.name, "route", "replace", "default", "via", new.rsplit(".", 1)[0] + ".1")
        self.client = new

    def browser(self, folder: Path) -> Path:
        """A program that starts Chromium inside."""
        path = folder / "chromium"
        path.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {CHROMIUM} "$@"\n')
        path.chmod(0o755)
        return path

    def _rule(self, *rule: str) -> None:
        _ip("-n", self.router, "rule", "add", *rule)


@contextmanager
def network() -> Iterator[Network]:
    """A network until the end of the block. Skips the test where there is none to be had."""
    if not can_make_networks():
        pytest.skip("networks of our own need root and iproute2")
    number = (os.getpid() + next(_NUMBERS)) % 250
    net = f"10.77.{number}"
    made = Network(f"plv{os.getpid()}n{number}", f"{net}.130", f"{net}.2")
    outside = f"plv{os.getpid() % 100_000}n{number}"
    try:
        for name in (made.name, made.router):
            _ip("netns", "add", name)
            _ip("-n", name, "link", "set", "lo", "up")
        _ip("-n", made.router, "link", "add", "inner", "type", "veth", "peer", "name", "way", "netns", made.name)
        _ip("link", "add", outside, "type", "veth", "peer", "name", "outer", "netns", made.router)
        for words in (
            ("-n", made.name, "addr", "add", f"{made.client}/25", "dev", "way"),
            ("-n", made.router, "addr", "add", f"{net}.1/25", "dev", "inner"),
            ("-n", made.router, "addr", "add", f"{net}.129/25", "dev", "outer"),
            ("addr", "add", f"{made.server}/25", "dev", outside),
            ("-n", made.name, "link", "set", "way", "up"),
            ("-n", made.router, "link", "set", "inner", "up"),
            ("-n", made.router, "link", "set", "outer", "up"),
            ("link", "set", outside, "up"),
            ("-n", made.name, "route", "add", "default", "via", f"{net}.1"),
            ("route", "add", f"{net}.0/25", "via", f"{net}.129"),
            ("netns", "exec", made.router, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward"),
        ):
            _ip(*words)
        yield made
    finally:
        subprocess.run(["ip", "link", "del", outside], capture_output=True, check=False)
        for name in (made.name, made.router):
            subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
