import argparse
from pathlib import Path

import pytest

from palaver.config import options
from palaver.config.options import add_options, read_settings
from palaver.config.parsing import SettingError


def read(*words: str, **environ: str) -> options.Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    return read_settings({"HOME": "/people/ada", **environ}, parser.parse_args(words))


def test_the_defaults_are_those_of_the_reference() -> None:
    settings = read()
    assert (settings.listen.host, settings.listen.port, settings.media.port) == ("127.0.0.1", 8000, 7882)
    assert settings.store.data_dir == Path("/people/ada/.local/share/palaver")
    assert settings.store.database is None
    assert settings.accounts.sign_up == "open"
    assert settings.media.addresses == ()
    assert not settings.tls.is_on
    assert settings.mail.smtp is None


def test_an_option_wins_over_its_variable_and_a_variable_over_the_default() -> None:
    assert read(PALAVER_PORT="9000").listen.port == 9000
    assert read("--port", "9001", PALAVER_PORT="9000").listen.port == 9001
    assert read(PALAVER_PORT="").listen.port == 8000


def test_media_threads_are_a_number_or_one_for_each_processor() -> None:
    assert read().media.threads == 1
    assert read("--media-threads", "64").media.threads == 64
    assert read(PALAVER_MEDIA_THREADS="auto").media.threads is None
    for wrong in ("0", "65", "many", "²"):
        with pytest.raises(SettingError, match="--media-threads must be from 1 to 64, or auto"):
            read("--media-threads", wrong)


def test_every_option_and_its_variable_have_the_same_name() -> None:
    for option in options.OPTIONS:
        if option.flag is not None:
            assert option.variable == "PALAVER_" + option.flag.removeprefix("--").replace("-", "_").upper()


def test_secrets_have_no_option_because_others_can_read_a_command_line() -> None:
    hidden = {option.variable for option in options.OPTIONS if option.flag is None}
    assert hidden == {
        "DATABASE_URL",
        "PALAVER_LIVEKIT_API_KEY",
        "PALAVER_LIVEKIT_API_SECRET",
        "PALAVER_SECRET_KEY",
        "PALAVER_SMTP_URL",
        "REDIS_URL",
    }


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PALAVER_PROT": "80"}, "PALAVER_PROT is not a setting"),
        ({"PALAVER_PORT": "http"}, "PALAVER_PORT must be a port"),
        ({"PALAVER_PORT": "65536"}, "PALAVER_PORT must be a port"),
        ({"PALAVER_PORT": "-1"}, "PALAVER_PORT must be a port"),
        ({"PALAVER_HOST": "not a host"}, "PALAVER_HOST must be"),
        ({"PALAVER_MEDIA_ADDRESS": "0.0.0.0"}, "PALAVER_MEDIA_ADDRESS must be an address"),
        ({"PALAVER_MEDIA_ADDRESS": "192.0.2.1,nonsense"}, "PALAVER_MEDIA_ADDRESS must be an IP address"),
        ({"PALAVER_PUBLIC_URL": "meet.example.org"}, "PALAVER_PUBLIC_URL must look like"),
        ({"PALAVER_PUBLIC_URL": "https://meet.example.org/app"}, "PALAVER_PUBLIC_URL must look like"),
        ({"PALAVER_PUBLIC_URL": "https://meet.example.org:x"}, "PALAVER_PUBLIC_URL must look like"),
        ({"PALAVER_TRUSTED_PROXY": "proxy"}, "PALAVER_TRUSTED_PROXY must be"),
        ({"PALAVER_SIGN_UP": "yes"}, "PALAVER_SIGN_UP must be one of open, invited, closed"),
        ({"PALAVER_TLS_SELF_SIGNED": "perhaps"}, "PALAVER_TLS_SELF_SIGNED must be yes or no"),
        ({"PALAVER_TLS_CERT": "/nowhere.pem"}, "PALAVER_TLS_CERT cannot be read"),
        ({"PALAVER_TLS_CERT": __file__}, "--tls-key is missing"),
        ({"PALAVER_TLS_KEY": __file__}, "--tls-cert is missing"),
        ({"PALAVER_DATA_DIR": __file__}, "PALAVER_DATA_DIR must be a folder"),
        ({"PALAVER_LOG_FORMAT": "xml"}, "PALAVER_LOG_FORMAT must be one of text, json"),
        ({"PALAVER_ADMIN_EMAIL": "ada"}, "PALAVER_ADMIN_EMAIL must be a mail address"),
        ({"DATABASE_URL": "mysql://u:hunter2@h/d"}, "DATABASE_URL must look like"),
        ({"PALAVER_SMTP_URL": "http://u:hunter2@h"}, "PALAVER_SMTP_URL must look like"),
    ],
)
def test_what_cannot_be_stops_the_start_and_is_named(environ: dict[str, str], words: str) -> None:
    with pytest.raises(SettingError) as refusal:
        read(**environ)
    line = str(refusal.value)
    assert words in line
    assert "\n" not in line
    assert "hunter2" not in line


def test_an_option_is_named_as_it_was_given() -> None:
    with pytest.raises(SettingError, match=r"^--port must be"):
        read("--port", "http")


def test_a_certificate_and_a_self_signed_one_exclude_each_other() -> None:
    with pytest.raises(SettingError, match="cannot be used together"):
        read("--tls-cert", __file__, "--tls-key", __file__, "--tls-self-signed")


def test_lists_are_repeated_or_written_with_commas() -> None:
    by_option = read("--media-address", "192.0.2.1", "--media-address", "[2001:db8::1]")
    by_variable = read(PALAVER_MEDIA_ADDRESS="192.0.2.1, 2001:db8::1")
    assert by_option.media.addresses == by_variable.media.addresses == ("192.0.2.1", "2001:db8::1")
    assert read("--media-address", "127.0.0.1").media.addresses == ("127.0.0.1",)


def test_urls_with_secrets_are_taken_apart() -> None:
    settings = read(
        DATABASE_URL="postgres://ada:p%40ss@db.example.org:6432/pal?sslmode=require",
        PALAVER_SMTP_URL="smtps://ada:p%3Ass@mail.example.org",
    )
    database, smtp = settings.store.database, settings.mail.smtp
    assert database is not None
    assert (database.user, database.password, database.host, database.port) == ("ada", "p@ss", "db.example.org", 6432)
    assert database.options == (("sslmode", "require"),)
    assert smtp is not None
    assert (smtp.password, smtp.port, smtp.security) == ("p:ss", 465, "tls")


def test_the_data_folder_follows_the_desktop_standard() -> None:
    assert read(XDG_DATA_HOME="/data").store.data_dir == Path("/data/palaver")
    assert read(XDG_DATA_HOME="relative").store.data_dir == Path("/people/ada/.local/share/palaver")
    assert read("--data-dir", "/srv/x", XDG_DATA_HOME="/data").store.data_dir == Path("/srv/x")
