"""Processes that write to a chat until they are killed: `python -m palaver.chat.tests.killed_writer`.

Standard input has what they need as JSON: the database's file, and the caller. Each further line is a run: a process
of its own in which so many people write at once. It says `ready` and its number, then, for each message, the client id,
a line each, as soon as the message is acknowledged; `over` when it has been killed.

The processes are forked from one that has loaded everything and opened nothing, so that hundreds of them start at once.
"""

import json
import os
import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID


def write(given: dict[str, Any], run: str, person: int) -> None:
    from palaver.chat.models import Audience
    from palaver.chat.services import Draft, delete_message, send_message
    from palaver.live.domain.people import Identity, ParticipantId, Role
    from palaver.live.features import Caller

    caller = Caller(
        meeting_id=UUID(given["meeting_id"]),
        session_id=UUID(given["session_id"]),
        participant_id=ParticipantId("p"),
        identity=Identity(f"id-writer-{run}-{person}"),
        user_id=None,
        name="Writer",
        role=Role.GUEST,
        is_signed_in=False,
    )
    now = datetime.now(tz=UTC)
    for number in range(1_000_000):
        now += timedelta(seconds=1)
        client_id = f"{run}-{person:02d}-{number:06d}"
        draft = Draft(client_id=client_id, text=f"text of {client_id}", audience=Audience.EVERYONE)
        written = send_message(caller, draft, now=now)
        # So short that the pipe takes it whole or not at all.
        os.write(1, f"{client_id}\n".encode())
        if number % 5 == 4:
            delete_message(caller, str(written.message.pk), now=now)
            os.write(1, f"deleted {client_id}\n".encode())


def main() -> None:
    given = json.loads(sys.stdin.readline())
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = given["database"]
    django.setup()
    import palaver.chat.services  # noqa: F401 - loaded once, for all

    for line in sys.stdin:
        run, people = line.split()
        if (process := os.fork()) == 0:
            os.write(1, f"ready {os.getpid()}\n".encode())
            threads = [threading.Thread(target=write, args=(given, run, person)) for person in range(int(people))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            os._exit(1)
        os.waitpid(process, 0)
        os.write(1, b"over\n")


if __name__ == "__main__":
    main()
