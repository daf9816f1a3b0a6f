import pytest

from palaver.config import origins
from palaver.config.options import read_settings
from palaver.config.origins import MachineNames

MACHINE = MachineNames(("garden.example.org", "garden", "garden.local", "localhost"), ("192.0.2.7", "2001:db8::7"))


def test_loopback_shows_one_address_and_answers_to_it_only() -> None:
    settings = read_settings({})
    assert origins.main_address(settings, 8000, MACHINE) == "http://localhost:8000"
    assert origins.allowed_hosts(settings, MACHINE) == ["localhost", "127.0.0.1", "[::1]"]
    assert origins.other_addresses(settings, 8000, MACHINE) == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [("0.0.0.0", ["http://192.0.2.7:8000"]), ("::", ["http://192.0.2.7:8000", "http://[2001:db8::7]:8000"])],
)
def test_listening_everywhere_shows_the_addresses_of_the_machine(host: str, expected: list[str]) -> None:
    settings = read_settings({"PALAVER_HOST": host})
    assert origins.main_address(settings, 8000, MACHINE) == "http://localhost:8000"
    assert origins.other_addresses(settings, 8000, MACHINE) == expected
    hosts = origins.allowed_hosts(settings, MACHINE)
    assert {"192.0.2.7", "[2001:db8::7]", "garden", "garden.local", "localhost"} <= set(hosts)
    assert "*" not in hosts


def test_a_public_address_is_the_one_to_open() -> None:
    settings = read_settings({"PALAVER_PUBLIC_URL": "https://Meet.example.org/"})
    assert origins.main_address(settings, 8000, MACHINE) == "https://meet.example.org"
    assert "meet.example.org" in origins.allowed_hosts(settings, MACHINE)
    assert origins.is_https(settings)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "http://localhost:8000"),
        ({"PALAVER_HOST": "0.0.0.0", "PALAVER_PORT": "81"}, "http://192.0.2.7:81"),
        ({"PALAVER_HOST": "192.0.2.9", "PALAVER_PORT": "80"}, "http://192.0.2.9"),
        ({"PALAVER_HOST": "0.0.0.0", "PALAVER_PUBLIC_URL": "https://meet.example.org"}, "https://meet.example.org"),
        ({"PALAVER_HOST": "0.0.0.0", "PALAVER_TLS_SELF_SIGNED": "yes"}, "https://192.0.2.7:8000"),
    ],
)
def test_people_elsewhere_are_told_an_address_that_they_can_reach(given: dict[str, str], expected: str) -> None:
    assert origins.address_for_others(read_settings(given), MACHINE) == expected


def test_standard_ports_are_left_out() -> None:
    plain = read_settings({"PALAVER_HOST": "192.0.2.7"})
    secure = read_settings({"PALAVER_HOST": "2001:db8::7", "PALAVER_TLS_SELF_SIGNED": "yes"})
    assert origins.main_address(plain, 80, MACHINE) == "http://192.0.2.7"
    assert origins.main_address(secure, 443, MACHINE) == "https://[2001:db8::7]"
    assert origins.main_address(secure, 8443, MACHINE) == "https://[2001:db8::7]:8443"


def test_the_machine_names_itself_without_loopback_and_link_local_addresses() -> None:
    machine = origins.machine_names()
    assert machine.names[-1] == "localhost"
    assert not [text for text in machine.addresses if text.startswith(("127.", "169.254.", "fe80:")) or text == "::1"]
