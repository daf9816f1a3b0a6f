import json
import logging
import time

import pytest
from django.test import Client

from palaver.config.logs import JsonFormatter, TextFormatter, log_config, redact
from palaver.config.options import LogSettings

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSIsInZpZGVvIjp7fX0.sgYNtZy-WkZ8y1pYZ0b1Zp0"

SECRETS = [
    (f'127.0.0.1 - "GET /rtc/v1?access_token={JWT}&join_request=abcdef HTTP/1.1" 101', (JWT, "abcdef")),
    (f'192.0.2.1:1 - "WebSocket /rtc/v1?join_request=H4sIAAAAA&access_token={JWT}" [accepted]', (JWT, "H4sIAAAAA")),
    ("GET /setup/Zk3_x-9Qq/ HTTP/1.1", ("Zk3_x-9Qq",)),
    ("GET /invitation/Zk3_x-9Qq/", ("Zk3_x-9Qq",)),
    ("GET /m/oak-elm-fig-0123456789ab 200", ("oak-elm-fig",)),
    ("GET /api/meetings/oak-elm-fig-0123456789ab/preview", ("oak-elm-fig",)),
    ('"WebSocket /ws/meetings/oak-elm-fig-0123456789ab" [accepted]', ("oak-elm-fig",)),
    ("POST /files/meetings/oak-elm-fig-0123456789ab 201", ("oak-elm-fig",)),
    ("GET /files/links/WyJhYmMiXQ:c2ln_-x 206", ("WyJhYmMiXQ", "c2ln_-x")),
    ("GET /accounts/password/reset/key/1-c0ffee-abc/ 302", ("c0ffee",)),
    ("POST /accounts/confirm-email/MTI:1tX:abc_-/", ("MTI:1tX",)),
    (f"Authorization: Bearer {JWT}", (JWT,)),
    ("password=hunter2 user=ada", ("hunter2",)),
    ("{'password1': 'hunter2', 'login': 'ada'}", ("hunter2",)),
    ('{"sfu_api_secret": "s3cr3ts3cr3t"}', ("s3cr3ts3cr3t",)),
    ("postgres://ada:hunter2@db.example.org/pal", ("hunter2",)),
    ("cookie sessionid=abc123def; csrftoken=xyz789", ("abc123def", "xyz789")),
    ("guest_ticket='eyJpIjoiZ18'", ("eyJpIjoiZ18",)),
    ("guest_key='0f3a-mine'", ("0f3a-mine",)),
]


@pytest.mark.parametrize(("line", "secrets"), SECRETS)
def test_no_secret_stands_in_a_line(line: str, secrets: tuple[str, ...]) -> None:
    shown = redact(line)
    assert "[hidden]" in shown
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize(
    "line",
    [
        '127.0.0.1:5 - "GET /meetings/?page=2 HTTP/1.1" 200',
        "sfu shuts down reason='server_restart'",
        "The live room stops rooms=3",
        "GET /about/ 200",
    ],
)
def test_ordinary_lines_stay_as_they_are(line: str) -> None:
    assert redact(line) == line


def record(message: str, **fields: object) -> logging.LogRecord:
    made = logging.makeLogRecord({"name": "palaver.test", "levelno": 20, "levelname": "INFO", "msg": message})
    vars(made).update(fields)
    return made


def test_text_lines_carry_their_fields() -> None:
    line = TextFormatter().format(record("A room opened", room="r1", token="hunter2"))
    assert line.endswith("INFO    palaver.test: A room opened room='r1' token=[hidden]")


def test_json_lines_are_json_and_hide_secrets_in_fields_too() -> None:
    shown = json.loads(JsonFormatter().format(record("A room opened", people=3, access_token="hunter2", room="r1")))
    assert shown["message"] == "A room opened"
    assert (shown["people"], shown["room"], shown["level"]) == (3, "r1", "info")
    assert shown["access_token"] == "[hidden]"


def test_a_traceback_is_redacted() -> None:
    try:
        raise ValueError(f"token={JWT}")
    except ValueError as problem:
        made = record("It failed", exc_info=(ValueError, problem, problem.__traceback__))
    for formatter in (TextFormatter(), JsonFormatter()):
        assert JWT not in formatter.format(made)
        assert "Traceback" in formatter.format(made)


@pytest.mark.parametrize("piece", ["x", "eyJ-", "a.", "password", "token=", "http://a", "m/", " ", '"', "a:b@", "\\"])
def test_a_line_that_a_stranger_made_endless_costs_little_time(piece: str) -> None:
    started = time.process_time()
    assert len(redact(piece * (200_000 // len(piece)))) < 100_000
    assert time.process_time() - started < 1


def test_the_access_log_leaves_queries_and_built_files_out() -> None:
    keep = log_config(LogSettings(format="text", level="info"))["filters"]["worth_reading"]["()"]()
    line = record('%s - "%s %s HTTP/%s" %d', args=("192.0.2.1:5", "GET", "/rtc/v1?access_token=abc", "1.1", 101))
    assert keep.filter(line)
    assert line.getMessage() == '192.0.2.1:5 - "GET /rtc/v1 HTTP/1.1" 101'
    for path in ("/static/assets/site-12345678.js", "/health/live"):
        assert not keep.filter(record("%s %s %s", args=("a", "GET", path)))


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["&".join(f"field{number}=" for number in range(2000)), "text=" + "x" * 3_000_000])
def test_a_request_that_is_too_much_writes_no_traceback(body: str, caplog: pytest.LogCaptureFixture) -> None:
    wished = log_config(LogSettings(format="text", level="info"))["loggers"]
    before = {name: logging.getLogger(name).level for name in wished}
    try:
        for name, wish in wished.items():
            logging.getLogger(name).setLevel(wish["level"])
        form = "application/x-www-form-urlencoded"
        assert Client().post("/contact/", body, content_type=form).status_code in (400, 413)
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
    assert [line.getMessage() for line in caplog.records if line.exc_info] == []
