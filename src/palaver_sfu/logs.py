"""Log lines as text or JSON, never with a token in them."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from typing import Any, Literal

from typing_extensions import override

LogFormat = Literal["text", "json"]

# What a LogRecord has by itself; everything else came as a field (`extra`).
_OWN = set(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "color_message"}
# Query strings of clients carry access tokens; a token also stands out by its three dotted base64 parts.
_SECRETS = (
    (re.compile(r"((?:access_token|join_request)=)[^&\s\"']+"), r"\1…"),
    (re.compile(r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"), "…"),
)


def configure(log_format: LogFormat, *, level: int = logging.INFO) -> None:
    """Everything to stderr, one line a record."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # One line a request tells nothing that ours do not, and httpx would log each webhook.
    for name in ("httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(name).setLevel(logging.WARNING)


def redact(text: str) -> str:
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class TextFormatter(logging.Formatter):
    @override
    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in _fields(record).items())
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        line = f"{stamp}Z {record.levelname:<7} {record.name}: {record.getMessage()}{fields}"
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return redact(line)


class JsonFormatter(logging.Formatter):
    @override
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "at": round(record.created, 3),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return redact(json.dumps(entry, default=str))


def _fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: value for name, value in record.__dict__.items() if name not in _OWN}
