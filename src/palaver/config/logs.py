"""How log lines look, as text or JSON, and what never stands in them.

Secrets are removed by the formatter, from the finished line: whoever logs need not remember to.
"""

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

from typing_extensions import override

from palaver.config.options import LogSettings

_HIDDEN = "[hidden]"
# Strangers choose parts of what is logged. Repetitions below are bounded and lines cut, so that time stays linear.
_LONGEST_LINE = 16_384
_SECRETS: tuple[tuple[re.Pattern[str], str], ...] = (
    # JSON Web Tokens, wherever they stand.
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), _HIDDEN),
    (re.compile(r"(?i)\b(bearer|basic)\s+[\w.~+/=-]{8,}"), rf"\1 {_HIDDEN}"),
    # Query strings of the media and room sockets carry tokens and whole join requests.
    (re.compile(r"(/(?:rtc|twirp|ws)[^\s?\"']*)\?[^\s\"']*"), rf"\1?{_HIDDEN}"),
    # Links that are keys.
    (
        re.compile(
            r"(/(?:setup|invitation|m)/|/files/(?:meetings|links)/|/api/meetings/|/ws/meetings/|/confirm-email/|/reset/key/)[\w:~.-]+"
        ),
        rf"\1{_HIDDEN}",
    ),
    (
        re.compile(
            r"(?i)([\"']?[\w-]{0,40}(?:password|passwd|secret|api_key|access_token|guest_ticket|guest_key|join_request|sessionid|csrftoken|token)"
            r"[\w-]{0,40}[\"']?\s{0,3}[=:]\s{0,3})(?:\"[^\"]*\"|'[^']*'|[^\s,;&})\]\"']+)"
        ),
        rf"\1{_HIDDEN}",
    ),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,20}://[^\s:/@]{1,200}):[^\s@/]+@"), rf"\1:{_HIDDEN}@"),
)
_FAULTS_OF_STRANGERS = (
    "DisallowedHost",
    "RequestDataTooBig",
    "SuspiciousMultipartForm",
    "TooManyFieldsSent",
    "TooManyFilesSent",
)
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}


def redact(text: str) -> str:
    """`text` without tokens, keys and passwords, cut where it is too long to be read anyway."""
    if len(text) > _LONGEST_LINE:
        text = f"{text[:_LONGEST_LINE]}… ({len(text)} characters)"
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {key: value for key, value in vars(record).items() if key not in _STANDARD_FIELDS and key != "websocket"}


class TextFormatter(logging.Formatter):
    """Time, level, logger, text, then the fields as key=value."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        fields = "".join(f" {key}={value!r}" for key, value in _fields(record).items() if key not in ("request",))
        line = f"{moment}Z {record.levelname:<7} {record.name}: {record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redact(line)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        for key, value in _fields(record).items():
            hidden = redact(f"{key}={value}")
            line[key] = (
                value
                if hidden == f"{key}={value}" and isinstance(value, int | float | bool)
                else hidden[len(key) + 1 :]
            )
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False, default=str)


class _WorthReading(logging.Filter):
    """Leaves built files, health checks and all query strings out of the access log."""

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if not isinstance(record.args, tuple) or len(record.args) < 3:
            return True
        path = str(record.args[2]).partition("?")[0]
        record.args = (*record.args[:2], path, *record.args[3:])
        return not path.startswith(("/static/", "/health/"))


def log_config(settings: LogSettings) -> dict[str, Any]:
    """A `logging.config.dictConfig` dictionary: everything to standard error, nothing kept in memory."""
    formatter = JsonFormatter if settings.format == "json" else TextFormatter
    level = settings.level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": formatter}},
        "filters": {"worth_reading": {"()": _WorthReading}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # uvicorn and Django bring handlers of their own; theirs know nothing of redaction.
            "uvicorn": {"handlers": [], "propagate": True, "level": level},
            "uvicorn.error": {"handlers": [], "propagate": True, "level": "WARNING" if level == "INFO" else level},
            "uvicorn.access": {"handlers": [], "propagate": True, "level": level, "filters": ["worth_reading"]},
            "django": {"handlers": [], "propagate": True, "level": level},
            "django.request": {"level": "ERROR"},  # a page that is not there stands in the access log
            "django.template": {"level": "INFO"},  # its debug lines print whole contexts, with everything in them
            # Strangers could fill the log with tracebacks; the answer stands in the access log.
            **{f"django.security.{name}": {"level": "CRITICAL"} for name in _FAULTS_OF_STRANGERS},
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
            "asyncio": {"level": "WARNING"},
        },
    }
