"""A local authority and a certificate for this machine, so that phones on the same network get camera and microphone.

Browsers give devices only to https pages. The authority lives ten years and is trusted by hand, once; certificates
under it are short-lived and made anew whenever the machine's names or addresses change.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from palaver.config.origins import MachineNames
from palaver.config.secret_files import write_private

_AUTHORITY_LIFETIME = timedelta(days=3650)
_LIFETIME = timedelta(days=397)  # Apple refuses more than 825 days, and browsers more than 398 from public authorities
_RENEW_BEFORE = timedelta(days=30)
_CLOCK_SKEW = timedelta(days=1)  # phones whose clock is behind


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the parts are."""

    authority: Path
    chain: Path
    key: Path


def ensure_certificate(
    data_dir: Path, machine: MachineNames, *, extra_names: tuple[str, ...], now: datetime
) -> CertificateFiles:
    """The files of a valid certificate for every name and address of this machine, making what is missing or stale."""
    folder = data_dir / "tls"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = CertificateFiles(folder / "authority.crt", folder / "server.crt", folder / "server.key")
    names = _subject_names(machine, extra_names)
    authority, authority_key = _authority(folder, machine, now)
    if not _is_good(files, authority, names, now):
        _issue(files, authority, authority_key, names, now)
    return files


def _subject_names(machine: MachineNames, extra: tuple[str, ...]) -> list[x509.GeneralName]:
    texts = dict.fromkeys([*extra, *machine.names, "127.0.0.1", "::1", *machine.addresses])
    names: list[x509.GeneralName] = []
    for text in texts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(text)))
        except ValueError:
            names.append(x509.DNSName(text))
    return names


def _authority(
    folder: Path, machine: MachineNames, now: datetime
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    certificate_file, key_file = folder / "authority.crt", folder / "authority.key"
    if certificate_file.is_file() and key_file.is_file():
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        key = serialization.load_pem_private_key(key_file.read_bytes(), password=None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc > now + _LIFETIME:
            return certificate, key
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Palaver on {machine.names[0]}"[:64])])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _AUTHORITY_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    write_private(key_file, _pem(key))
    write_private(certificate_file, certificate.public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _is_good(
    files: CertificateFiles, authority: x509.Certificate, names: list[x509.GeneralName], now: datetime
) -> bool:
    if not (files.chain.is_file() and files.key.is_file()):
        return False
    certificate = x509.load_pem_x509_certificates(files.chain.read_bytes())[0]
    covered = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    is_lasting = certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - _RENEW_BEFORE
    return (
        is_lasting
        and certificate.issuer == authority.subject
        and set(names) <= set(covered)
        and _is_signed_by(certificate, authority)
    )


def _is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except Exception:
        return False
    return True


def _issue(
    files: CertificateFiles,
    authority: x509.Certificate,
    authority_key: ec.EllipticCurvePrivateKey,
    names: list[x509.GeneralName],
    now: datetime,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Palaver")]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    write_private(files.key, _pem(key))
    write_private(files.chain, certificate.public_bytes(pem) + authority.public_bytes(pem))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )
