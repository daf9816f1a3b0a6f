import pytest
from django.core import mail
from django.test import Client

from palaver.accounts import limits
from palaver.accounts.models import User
from palaver.conftest import PASSWORD

URL = "/accounts/signup/"
BOB = {
    "first_name": "Bob",
    "last_name": "Larsen",
    "email": "Bob@Example.org",
    "password1": PASSWORD,
    "password2": PASSWORD,
}

pytestmark = pytest.mark.django_db


def test_the_form_has_exactly_the_five_fields_in_order(client: Client) -> None:
    form = client.get(URL).context["form"]
    assert [field.label for field in form.visible_fields()] == [
        "First name",
        "Last name",
        "Email",
        "Password",
        "Confirm password",
    ]


def test_a_person_signs_up_and_lands_on_their_home_page(client: Client) -> None:
    answer = client.post(URL, BOB, follow=True)
    assert answer.redirect_chain == [("/", 302)]
    assert "Welcome, Bob" in answer.content.decode()
    user = User.objects.get()
    assert (user.email, user.first_name, user.last_name) == ("bob@example.org", "Bob", "Larsen")
    assert not user.is_staff


def test_the_password_is_kept_as_argon2(client: Client) -> None:
    client.post(URL, BOB)
    assert User.objects.get().password.startswith("argon2")


def test_signing_up_from_a_meeting_goes_back_to_it(client: Client) -> None:
    answer = client.post(f"{URL}?next=/m/some-meeting", {**BOB, "next": "/m/some-meeting"})
    assert answer["Location"] == "/m/some-meeting"


def test_next_never_leads_to_another_site(client: Client) -> None:
    answer = client.post(URL, {**BOB, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"password2": "three quiet heron"}, "password2", "The two passwords are not the same."),
        ({"password1": "short", "password2": "short"}, "password1", "at least 10 characters"),
        ({"password1": "larsenlars", "password2": "larsenlars"}, "password1", "too similar"),
        ({"password1": "8492749273", "password2": "8492749273"}, "password1", "entirely numeric"),
        ({"first_name": " "}, "first_name", "Enter your first name."),
        ({"last_name": ""}, "last_name", "Enter your last name."),
        ({"email": ""}, "email", "Enter your email address."),
        ({"email": "bob"}, "email", "valid email"),
        ({"first_name": "x" * 61}, "first_name", "at most 60"),
    ],
)
def test_a_mistake_is_named_beside_its_field(client: Client, change: dict[str, str], field: str, words: str) -> None:
    answer = client.post(URL, BOB | change)
    assert words in " ".join(answer.context["form"].errors[field])
    page = answer.content.decode()
    assert f'id="id_{field}_error"' in page
    assert "aria-invalid" in page
    assert not User.objects.exists()


def test_an_endless_password_is_refused_before_it_is_hashed(client: Client) -> None:
    long = "quiet heron " * 40
    answer = client.post(URL, BOB | {"password1": long, "password2": long})
    assert answer.context["form"].errors
    assert not User.objects.exists()


def test_an_address_is_one_account_however_it_is_spelt(client: Client) -> None:
    client.post(URL, BOB)
    answer = Client().post(URL, BOB | {"email": "BOB@example.ORG"})
    assert "There is already an account" in " ".join(answer.context["form"].errors["email"])
    assert User.objects.count() == 1


def test_sign_ups_from_one_network_are_limited(client: Client) -> None:
    for number in range(limits.SIGN_UP_BY_NETWORK.tries):
        client.post(URL, BOB | {"email": f"bob{number}@example.org", "password2": "not the same"})
    answer = client.post(URL, BOB)
    assert "Too many tries" in answer.content.decode()
    assert not User.objects.exists()


def test_no_account_is_made_while_sign_up_is_closed(client: Client, settings: pytest.FixtureRequest) -> None:
    settings.PALAVER_SIGN_UP = "closed"  # type: ignore[attr-defined]
    assert "Sign-up is closed" in client.get(URL).content.decode()
    assert "Sign-up is closed" in client.post(URL, BOB).content.decode()
    assert not User.objects.exists()
    assert f'href="{URL}"' not in client.get("/").content.decode()


def test_without_a_mail_server_no_address_check_is_asked(client: Client) -> None:
    client.post(URL, BOB)
    assert client.get("/profile/").status_code == 200
    assert mail.outbox == []


def test_a_form_without_its_token_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = strict.post(URL, BOB)
    assert answer.status_code == 403
    assert "open for too long" in answer.content.decode()
    assert not User.objects.exists()
