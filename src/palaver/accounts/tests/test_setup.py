from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client

from palaver.accounts import limits, services
from palaver.accounts.models import SetupLink, User
from palaver.conftest import PASSWORD, make_person

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ADA = {
    "first_name": "Ada",
    "last_name": "Quist",
    "email": "ada@example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
}


@pytest.mark.django_db
def test_the_link_makes_an_administrator_who_is_signed_in(client: Client) -> None:
    token = services.open_setup_link(now=NOW)
    assert client.get(f"/setup/{token}/").status_code == 200
    answer = client.post(f"/setup/{token}/", ADA)
    assert answer["Location"] == "/"
    ada = User.objects.get()
    assert ada.is_superuser
    assert ada.is_staff
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db
def test_the_link_works_once(client: Client) -> None:
    token = services.open_setup_link(now=NOW)
    client.post(f"/setup/{token}/", ADA)
    answer = Client().post(f"/setup/{token}/", ADA | {"email": "mallory@example.org"})
    assert answer.status_code == 404
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_link_at_once_one_wins() -> None:
    token = services.open_setup_link(now=NOW)
    assert token is not None

    def claim(number: int) -> User | None:
        try:
            return services.create_first_administrator(
                token=token,
                first_name="Ada",
                last_name="Quist",
                email=f"ada{number}@example.org",
                password=PASSWORD,
                now=NOW,
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(claim, range(4)))
    assert len([user for user in made if user is not None]) == 1
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_start_replaces_the_link_of_the_one_before(client: Client) -> None:
    first, second = services.open_setup_link(now=NOW), services.open_setup_link(now=NOW)
    assert client.get(f"/setup/{first}/").status_code == 404
    assert client.get(f"/setup/{second}/").status_code == 200


@pytest.mark.django_db
def test_people_without_rights_leave_the_link_open_and_an_administrator_closes_it(client: Client) -> None:
    make_person("Alice")
    token = services.open_setup_link(now=NOW)
    assert token is not None
    make_person("Ada", is_administrator=True)
    assert services.open_setup_link(now=NOW) is None
    assert client.get(f"/setup/{token}/").status_code == 404


@pytest.mark.django_db
def test_only_a_hash_of_the_token_is_kept() -> None:
    token = services.open_setup_link(now=NOW)
    assert token is not None
    assert token not in SetupLink.objects.get().token_hash


@pytest.mark.django_db
def test_guessing_at_links_is_limited(client: Client) -> None:
    statuses = [client.get(f"/setup/guess{number}/").status_code for number in range(limits.SETUP_BY_NETWORK.tries + 2)]
    assert statuses[0] == 404
    assert statuses[-1] == 429
