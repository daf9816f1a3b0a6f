import ipaddress
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from palaver.config.origins import MachineNames
from palaver.config.tls import CertificateFiles, ensure_certificate

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GARDEN = MachineNames(("garden.example.org", "garden", "localhost"), ("192.0.2.7", "2001:db8::7"))


def make(folder: Path, machine: MachineNames = GARDEN, now: datetime = NOW) -> CertificateFiles:
    return ensure_certificate(folder, machine, extra_names=(), now=now)


def names(files: CertificateFiles) -> set[str]:
    certificate = x509.load_pem_x509_certificates(files.chain.read_bytes())[0]
    listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {str(name.value) for name in listed}


def test_the_certificate_is_for_every_name_and_address(tmp_path: Path) -> None:
    files = make(tmp_path)
    assert names(files) == {
        *("garden.example.org", "garden", "localhost", "192.0.2.7", "2001:db8::7", "127.0.0.1", "::1"),
    }


def test_keys_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    make(tmp_path)
    for name in ("server.key", "authority.key"):
        assert stat.S_IMODE((tmp_path / "tls" / name).stat().st_mode) == 0o600


def test_a_client_that_trusts_the_authority_accepts_the_server(tmp_path: Path) -> None:
    files = make(tmp_path, now=datetime.now(tz=UTC))
    run = subprocess.run(
        ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", files.authority, files.chain],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(files.chain, files.key)


def test_phones_accept_how_long_it_lives_and_what_it_is_for(tmp_path: Path) -> None:
    certificate = x509.load_pem_x509_certificates(make(tmp_path).chain.read_bytes())[0]
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc <= timedelta(days=398)
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_a_later_start_keeps_the_certificate(tmp_path: Path) -> None:
    before = make(tmp_path).chain.read_bytes()
    assert make(tmp_path, now=NOW + timedelta(days=300)).chain.read_bytes() == before


@pytest.mark.parametrize("change", ["near its end", "another address", "damaged pair"])
def test_a_stale_certificate_is_replaced_under_the_same_authority(tmp_path: Path, change: str) -> None:
    files = make(tmp_path)
    authority, before = files.authority.read_bytes(), files.chain.read_bytes()
    machine, now = GARDEN, NOW
    match change:
        case "near its end":
            now = NOW + timedelta(days=380)
        case "another address":
            machine = MachineNames(GARDEN.names, ("198.51.100.9",))
        case "damaged pair":
            files.key.unlink()
    again = make(tmp_path, machine, now)
    assert again.chain.read_bytes() != before
    assert again.authority.read_bytes() == authority
    assert {str(ipaddress.ip_address(text)) for text in machine.addresses} <= names(again)


def test_a_lost_authority_is_made_anew_with_everything_under_it(tmp_path: Path) -> None:
    before = make(tmp_path).chain.read_bytes()
    (tmp_path / "tls" / "authority.key").unlink()
    assert make(tmp_path).chain.read_bytes() != before
