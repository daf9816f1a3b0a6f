from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from django.test import Client

from palaver.config.origins import MachineNames
from palaver.config.tls import ensure_certificate

pytestmark = pytest.mark.django_db


def test_without_an_authority_of_our_own_there_is_no_such_page(client: Client) -> None:
    assert client.get("/trust/").status_code == 404
    assert client.get("/trust/palaver-authority.crt").status_code == 404
    assert "/trust/" not in client.get("/").content.decode()


def test_the_page_offers_the_certificate_and_its_fingerprint(
    client: Client, tmp_path: Path, settings: pytest.FixtureRequest
) -> None:
    files = ensure_certificate(
        tmp_path, MachineNames(("garden", "localhost"), ()), extra_names=(), now=datetime.now(tz=UTC)
    )
    settings.PALAVER_AUTHORITY_FILE = files.authority  # type: ignore[attr-defined]
    assert 'href="/trust/"' in client.get("/").content.decode()
    answer = client.get("/trust/palaver-authority.crt")
    assert answer["Content-Type"] == "application/x-x509-ca-cert"
    assert answer["Content-Disposition"] == 'attachment; filename="palaver-authority.crt"'
    certificate = x509.load_der_x509_certificate(answer.content)
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    page = client.get("/trust/").content.decode()
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    assert fingerprint in page
    assert "Palaver on garden" in page
    assert "iPhone" in page
    assert "Android" in page
