"""What the chat needs of other rooms, filled in."""

from typing import Final

from palaver.chat.ports import ChatPorts, FileClaim


def _no_files(claim: FileClaim) -> bool:
    del claim
    return False


CHAT_PORTS: Final = ChatPorts(claim_files=_no_files)
