"""`palaver serve`, step by step: certificate, Django, database, application, greeting, server.

StartError            a step failed in a way the operator can mend; one line
"""

import os
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

import django
from django.conf import settings as pages
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from palaver.config import origins, tls
from palaver.config.greeting import Greeting, greeting_text
from palaver.config.options import Settings
from palaver.config.server import run
from palaver.kernel.clock import system_clock
from palaver_sfu import descriptors


class StartError(Exception):
    """One line for the operator."""


def serve(settings: Settings, listener: socket.socket) -> int:
    """Serve on `listener` until told to stop; return the exit code.

    Raises:
        StartError: the database cannot be used, or the certificate cannot be loaded.
    """
    descriptors.raise_limit()
    port: int = listener.getsockname()[1]
    machine = origins.machine_names()
    certificate = _certificate(settings, machine)
    os.environ["DJANGO_SETTINGS_MODULE"] = "palaver.config.settings"
    django.setup()
    setup_path = _prepare_database()
    # The parts import models, which exist from here on.
    from palaver.config.composition import build
    from palaver.site.authority import read_authority
    from palaver_sfu.errors import ConfigError

    try:
        planes = build(settings)
    except ConfigError as problem:
        raise StartError(f"--{problem}") from None
    authority_file: Path | None = pages.PALAVER_AUTHORITY_FILE
    authority = read_authority(authority_file) if authority_file else None
    greeting = Greeting(
        address=origins.main_address(settings, port, machine),
        other_addresses=tuple(origins.other_addresses(settings, port, machine)),
        is_reachable=origins.is_https(settings),
        trust_path="/trust/" if authority else None,
        fingerprint=authority.sha256 if authority else None,
        setup_path=setup_path,
    )

    async def goodbye() -> None:
        await planes.stop("server_restart")

    def ready() -> None:
        print(greeting_text(greeting, with_codes=sys.stdout.isatty()), flush=True)

    return run(
        planes,
        listener,
        goodbye=goodbye,
        ready=ready,
        certificate=certificate,
        relay=planes.relay if certificate else None,
        trusted_proxies=settings.listen.trusted_proxies,
    )


def _certificate(settings: Settings, machine: origins.MachineNames) -> tuple[Path, Path] | None:
    if settings.tls.is_self_signed:
        public = urlsplit(settings.listen.public_url or "").hostname
        files = tls.ensure_certificate(
            settings.store.data_dir, machine, extra_names=(public,) if public else (), now=system_clock()
        )
        return files.chain, files.key
    if settings.tls.cert is None or settings.tls.key is None:
        return None
    return settings.tls.cert, settings.tls.key


def _prepare_database() -> str | None:
    # Management commands and services import models.
    from django.core.management import call_command
    from django.urls import reverse

    from palaver.accounts.services import open_setup_link

    name = "DATABASE_URL" if connection.vendor == "postgresql" else "--data-dir"
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
        token = open_setup_link(now=system_clock())
    except DatabaseError as problem:
        raise StartError(f"{name}: the database cannot be used: {str(problem).splitlines()[0]}") from None
    finally:
        connection.close()
    return None if token is None else reverse("setup", args=[token])
