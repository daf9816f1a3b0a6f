"""A process that writes to a chat until it is killed: `python -m palaver.chat.tests.killed_writer`.

Standard input has what it needs as JSON: the database's file, and the caller. It says `ready`, then, for each message,
the client id, a line each, as soon as the message is acknowledged.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID


def main() -> None:
    given = json.loads(sys.stdin.readline())
    import django
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = given["database"]
    django.setup()

    from palaver.chat.models import Audience
    from palaver.chat.services import Draft, delete_message, send_message
    from palaver.live.domain.people import Identity, ParticipantId, Role
    from palaver.live.features import Caller

    caller = Caller(
        meeting_id=UUID(given["meeting_id"]),
        session_id=UUID(given["session_id"]),
        participant_id=ParticipantId("p"),
        identity=Identity(f"id-writer-{given['run']}"),
        user_id=None,
        name="Writer",
        role=Role.GUEST,
        is_signed_in=False,
    )
    now = datetime.now(tz=UTC)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for number in range(1_000_000):
        now += timedelta(seconds=1)
        client_id = f"{given['run']}-{number:08d}"
        draft = Draft(client_id=client_id, text=f"text of {client_id}", audience=Audience.EVERYONE)
        written = send_message(caller, draft, now=now)
        os.write(1, f"{client_id}\n".encode())
        if number % 5 == 4:
            delete_message(caller, str(written.message.pk), now=now)
            os.write(1, f"deleted {client_id}\n".encode())


if __name__ == "__main__":
    main()
