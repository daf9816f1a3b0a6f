"""What the chat needs of other rooms, filled in."""

from palaver.chat.ports import ChatPorts, FileClaim


def _no_files(claim: FileClaim) -> bool:
    del claim
    return False


CHAT_PORTS = ChatPorts(claim_files=_no_files, retention_days=lambda _: None, limited_meetings=lambda: ())
