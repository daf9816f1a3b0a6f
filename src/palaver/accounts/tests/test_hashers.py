import pytest
from django.contrib.auth.hashers import check_password, make_password

from palaver.config import settings as product_settings


def test_the_product_keeps_passwords_as_argon2id_at_the_price_that_it_names(settings: pytest.FixtureRequest) -> None:
    settings.PASSWORD_HASHERS = product_settings.PASSWORD_HASHERS  # type: ignore[attr-defined]
    kept = make_password("three quiet herons")
    assert kept.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert check_password("three quiet herons", kept)
    assert not check_password("three quiet heron", kept)
