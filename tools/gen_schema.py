"""Write the generated contracts: `schema/live.json`, `schema/errors.json`, `web/src/wire/live.gen.ts`, and the tables
in `docs/protocol/live.md`.

    python tools/gen_schema.py            write them
    python tools/gen_schema.py --check    exit 1 and name what is out of date

The sources are the pydantic classes of `palaver.live.wire`, the commands of `palaver.config.live_handlers` and the
errors of `palaver.live.errors`. The TypeScript is made from the JSON schema, so the two cannot disagree.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Annotated, Any

import django
from pydantic import Field, TypeAdapter
from pydantic.json_schema import models_json_schema

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]
# Commands of features touch models: settings on a data directory that ends with this run.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.django_settings")
django.setup()

from palaver.config.live_handlers import REGISTRY  # noqa: E402 - the tool runs without an installed package
from palaver.kernel.errors import ErrorSpec  # noqa: E402
from palaver.live import wire  # noqa: E402
from palaver.live.connection_wire import CONNECTION_EVENTS  # noqa: E402
from palaver.live.domain.permissions import permission_rows  # noqa: E402
from palaver.live.errors import LIVE_ERRORS, CloseCode  # noqa: E402

Schema = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a file is out of date")
    is_check = parser.parse_args().check
    schema = live_schema()
    outputs = {
        ROOT / "schema/live.json": _json_text(schema),
        ROOT / "schema/errors.json": _json_text(error_list()),
        ROOT / "web/src/wire/live.gen.ts": typescript(schema),
        ROOT / "docs/protocol/live.md": with_tables((ROOT / "docs/protocol/live.md").read_text()),
    }
    stale = [path for path, text in outputs.items() if not path.exists() or path.read_text() != text]
    for path in stale:
        name = path.relative_to(ROOT)
        if is_check:
            sys.stderr.write(f"{name} is out of date: run `python tools/gen_schema.py`\n")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(outputs[path])
        sys.stdout.write(f"wrote {name}\n")
    return 1 if is_check and stale else 0


# --- the JSON schema -------------------------------------------------------------------------


def live_schema() -> Schema:
    """One document: `$defs` of every message, and the two unions `ClientMessage` and `ServerMessage`."""
    command_union: Any = Annotated[
        reduce(or_, [spec.wire_type for spec in REGISTRY.specs()]), Field(discriminator="kind")
    ]
    commands = TypeAdapter(command_union).json_schema(ref_template="#/$defs/{model}")
    messages = models_json_schema(
        [(model, "validation") for model in (wire.Hello, wire.CommandMessage, wire.Sync, wire.Pong)]
        + [(model, "serialization") for model in (*_server_models(), *REGISTRY.result_types(), *_event_types())],
        ref_template="#/$defs/{model}",
    )[1]
    defs: Schema = {**commands.pop("$defs"), **messages["$defs"]}
    defs["Command"] = commands
    # On the wire model `command` is any object, because features register their own; the contract names them all.
    defs["CommandMessage"]["properties"]["command"] = {"$ref": "#/$defs/Command"}
    defs["Ack"]["properties"]["result"] = {"anyOf": [*_refs_to(REGISTRY.result_types()), {"type": "null"}]}
    defs["FeatureEvent"] = {"oneOf": _refs_to(_event_types())}
    defs["Event"]["properties"]["event"] = {"$ref": "#/$defs/FeatureEvent"}
    for name, models in (
        ("ClientMessage", (wire.Hello, wire.CommandMessage, wire.Sync, wire.Pong)),
        ("ServerMessage", _server_models()),
    ):
        defs[name] = {"oneOf": _refs_to(models)}
    defs["ErrorCode"] = {"enum": sorted(spec.code for spec in _errors()), "type": "string"}
    defs["ErrorMessage"]["properties"]["code"] = {"$ref": "#/$defs/ErrorCode"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Palaver live room, protocol {wire.PROTOCOL}",
        "$defs": dict(sorted(defs.items())),
    }


def error_list() -> Schema:
    """Codes, close codes and their meanings, for clients in any language."""
    return {
        "live": {
            spec.code: {"retryable": spec.is_retryable, "close_code": spec.close_code, "meaning": meaning}
            for spec, meaning in _errors().items()
        },
        "close_codes": {code.name.lower(): int(code) for code in CloseCode},
    }


def _errors() -> Mapping[ErrorSpec, str]:
    """The room's own errors and those of the features."""
    return {**LIVE_ERRORS, **REGISTRY.errors()}


def _refs_to(models: Sequence[type[wire.Wire]]) -> list[Schema]:
    return [{"$ref": f"#/$defs/{model.__name__}"} for model in models]


def _event_types() -> tuple[type[wire.Wire], ...]:
    """News of what is done, and of how people are received."""
    return (*REGISTRY.event_types(), *CONNECTION_EVENTS)


def _server_models() -> tuple[type[wire.Wire], ...]:
    return (
        wire.Welcome,
        wire.Waiting,
        wire.Delta,
        wire.SnapshotMessage,
        wire.Heartbeat,
        wire.Ack,
        wire.Event,
        wire.ErrorMessage,
        wire.Closing,
    )


def _json_text(value: Schema) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


# --- TypeScript ------------------------------------------------------------------------------


def typescript(schema: Schema) -> str:
    """Interfaces and unions; a field with a default may be left out by the client, never by the server."""
    defs: Schema = schema["$defs"]
    required_of_server = _reachable(defs, "ServerMessage")
    parts = ["// Written by tools/gen_schema.py from palaver.live.wire. Do not edit.\n"]
    parts.append(f"export const PROTOCOL = {wire.PROTOCOL};\n")
    codes = "".join(f"  {code.name.lower()}: {int(code)},\n" for code in CloseCode)
    parts.append(f"export const CLOSE_CODE = {{\n{codes}}} as const;\n")
    for name, definition in defs.items():
        comment = f"/** {' '.join(definition['description'].split())} */\n" if "description" in definition else ""
        if definition.get("type") == "object":
            parts.append(comment + _interface(name, definition, is_whole=name in required_of_server))
        else:
            parts.append(comment + _alias(name, definition))
    return "\n".join(parts)


def _interface(name: str, definition: Schema, *, is_whole: bool) -> str:
    lines = []
    required = set(definition.get("required", ()))
    for field, value in definition.get("properties", {}).items():
        is_constant = "const" in value
        mark = "" if is_whole or is_constant or field in required else "?"
        lines.append(f"  {field}{mark}: {_type(value)};\n")
    return f"export interface {name} {{\n{''.join(lines)}}}\n"


def _alias(name: str, definition: Schema) -> str:
    text = _type(definition)
    line = f"export type {name} = {text};\n"
    if len(line) <= 110 or " | " not in text:
        return line
    members = "".join(f"\n  | {member}" for member in text.split(" | "))
    return f"export type {name} ={members};\n"


def _type(value: Schema) -> str:  # noqa: PLR0911 - one line a kind of schema
    match value:
        case {"$ref": str(ref)}:
            return ref.rpartition("/")[2]
        case {"const": constant}:
            return json.dumps(constant)
        case {"enum": list(members)}:
            return " | ".join(json.dumps(member) for member in members)
        case {"anyOf": list(members)} | {"oneOf": list(members)}:
            return " | ".join(_type(member) for member in members)
        case {"type": "array", "items": items}:
            inner = _type(items)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case {"type": "object", "additionalProperties": dict(items)}:
            return f"Record<string, {_type(items)}>"
        case {"type": "object", "additionalProperties": True}:
            return "Record<string, unknown>"
        case {"type": "string"}:
            return "string"
        case {"type": "integer" | "number"}:
            return "number"
        case {"type": "boolean"}:
            return "boolean"
        case {"type": "null"}:
            return "null"
    raise ValueError(f"no TypeScript for {value}")


def _reachable(defs: Schema, start: str) -> set[str]:
    found: set[str] = set()
    stack = [start]
    while stack:
        name = stack.pop()
        if name not in found:
            found.add(name)
            stack.extend(_refs(defs[name]))
    return found


def _refs(value: object) -> list[str]:
    match value:
        case {"$ref": str(ref)}:
            return [ref.rpartition("/")[2]]
        case dict():
            return [ref for item in value.values() for ref in _refs(item)]
        case list():
            return [ref for item in value for ref in _refs(item)]
    return []


# --- tables of the documentation -------------------------------------------------------------


def with_tables(text: str) -> str:
    """`text` with the generated tables between their marks renewed."""
    rows = permission_rows(REGISTRY.permissions(), REGISTRY.rights())
    text = _between(text, "permissions", _table(rows))
    errors = [("code", "retry helps", "closes with", "meaning")] + [
        (f"`{spec.code}`", "yes" if spec.is_retryable else "no", str(spec.close_code or "-"), meaning)
        for spec, meaning in _errors().items()
    ]
    return _between(text, "errors", _table(errors))


def _between(text: str, name: str, body: str) -> str:
    start, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
    head, found_start, rest = text.partition(start)
    _, found_end, tail = rest.partition(end)
    if not (found_start and found_end):
        raise ValueError(f"docs/protocol/live.md has no marks for {name}")
    return f"{head}{start}\n{body}{end}{tail}"


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
