"""What LiveKit's API has no word for: how the people of all rooms are received. For who may list and run rooms."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from palaver_sfu.errors import AdmissionError
from palaver_sfu.http.admission import read_claims
from palaver_sfu.http.replies import Scope
from palaver_sfu.reception import Reception, StreamTrouble
from palaver_sfu.room.values import RoomName
from palaver_sfu.wire.tokens import Keys

PATH = "/insight/receptions"


def check(scope: Scope, keys: Keys) -> None:
    """Raises: AdmissionError: they may not know."""
    claims = read_claims(scope, keys)
    grant = claims.video if claims is not None else None
    if grant is None or not (grant.may_list and grant.may_administrate):
        raise AdmissionError(401, "permissions denied")


def write(rooms: Mapping[RoomName, Sequence[Reception]]) -> str:
    return json.dumps({"rooms": {name: [_person(person) for person in people] for name, people in rooms.items()}})


def _person(person: Reception) -> Mapping[str, object]:
    return {
        "identity": person.identity,
        "way": person.way,
        "line": None if person.line is None else person.line.value,
        "rtt_ms": person.rtt_ms,
        "loss_up": person.loss_up,
        "loss_down": person.loss_down,
        "sound": person.sound.value,
        "heard_by": person.heard_by,
        "unheard_by": person.unheard_by,
        "troubles": [_trouble(trouble) for trouble in person.troubles],
    }


def _trouble(trouble: StreamTrouble) -> Mapping[str, object]:
    return {
        "publisher": trouble.publisher,
        "source": trouble.source.name.lower(),
        "cause": trouble.cause.value,
        "is_sent": trouble.is_sent,
        "loss": trouble.loss,
    }
