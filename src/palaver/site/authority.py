"""The local authority's certificate as the trust page shows it."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID


@dataclass(frozen=True, slots=True)
class Authority:
    """What a person compares before trusting it."""

    name: str
    der: bytes
    sha256: str
    """Hexadecimal pairs with colons, as phones show it."""
    valid_until: datetime


def read_authority(path: Path) -> Authority | None:
    """The certificate in `path`, or None when there is no such file."""
    if not path.is_file():
        return None
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Authority(
        name=str(names[0].value) if names else "Palaver",
        der=certificate.public_bytes(serialization.Encoding.DER),
        sha256=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        valid_until=certificate.not_valid_after_utc,
    )
