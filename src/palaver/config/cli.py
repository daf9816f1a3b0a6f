"""The `palaver` command: `serve`, `sfu` and `manage`.

Imports stay inside the functions that need them: `palaver sfu` never loads Django, and a refused setting costs no
start-up time.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version

from palaver.config.current import install_settings
from palaver.config.options import Settings, add_options, read_settings
from palaver.config.parsing import SettingError

_WRONG_SETTING = 2
_CANNOT_START = 3
# Whatever Palaver or a library writes is for its owner only.
_PRIVATE = 0o077


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    match arguments[:1]:
        case ["sfu"]:
            from palaver_sfu.cli import main as sfu_main

            return int(sfu_main(arguments[1:]) or 0)
        case ["manage"]:
            return _manage(arguments[1:])
    parser = argparse.ArgumentParser(prog="palaver", description="Self-hosted video meetings.", allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"palaver {_version()}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser(
        "serve",
        help="run everything: pages, rooms, media",
        allow_abbrev=False,
        description="Run everything in one process. Every option can also be an environment variable.",
    )
    add_options(serve)
    commands.add_parser("sfu", help="run the media server alone, LiveKit-compatible, without pages", add_help=False)
    commands.add_parser("manage", help="Django's management commands", add_help=False)
    flags = parser.parse_args(arguments)
    try:
        settings = read_settings(flags=flags)
    except SettingError as problem:
        return _refuse(str(problem), _WRONG_SETTING)
    return _serve(settings)


def _refuse(line: str, code: int) -> int:
    print(f"palaver: {line}", file=sys.stderr)
    return code


def _version() -> str:
    try:
        return version("palaver")
    except PackageNotFoundError:  # a checkout that was not installed
        return "(checkout)"


def _manage(arguments: list[str]) -> int:
    from django.core.management import ManagementUtility

    os.environ["DJANGO_SETTINGS_MODULE"] = "palaver.config.settings"
    os.umask(_PRIVATE)
    try:
        install_settings(read_settings())
    except SettingError as problem:
        return _refuse(str(problem), _WRONG_SETTING)
    ManagementUtility(["palaver manage", *arguments]).execute()
    return 0


def _serve(settings: Settings) -> int:
    from palaver.config.secret_files import InsecureFileError, prepare_data_dir
    from palaver.config.server import ListenError, bind

    os.umask(_PRIVATE)
    try:
        prepare_data_dir(settings.store.data_dir)
    except OSError as problem:
        return _refuse(f"--data-dir: {settings.store.data_dir} cannot be made: {problem.strerror}", _WRONG_SETTING)
    try:
        # Before the slow part: a port that is taken is the most frequent refusal.
        listener = bind(settings.listen.host, settings.listen.port)
    except ListenError as problem:
        return _refuse(str(problem), _CANNOT_START)
    from palaver.config.serving import StartError, serve
    from palaver_sfu.leaving import leave

    # With --port 0 the system has chosen: mails have to name the port.
    settings = replace(settings, listen=replace(settings.listen, port=listener.getsockname()[1]))
    install_settings(settings)
    try:
        with listener:
            code = serve(settings, listener)
    except InsecureFileError as problem:
        return _refuse(f"--data-dir: {problem}", _WRONG_SETTING)
    except StartError as problem:
        return _refuse(str(problem), _CANNOT_START)
    except OSError as problem:
        return _refuse(f"--data-dir: {problem}", _CANNOT_START)
    leave(code)
