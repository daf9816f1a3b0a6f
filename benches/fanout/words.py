"""What a socket of the live room says, for crowds too large for a client that understands the answers."""

import json


def hello(number: int) -> str:
    """The greeting of one of many."""
    return json.dumps(
        {"type": "hello", "request_id": "hello", "protocol": 1, "tab_id": f"tab-{number}", "name": f"Person {number}"}
    )


def rename(mark: str) -> str:
    """An event that everybody gets to see."""
    return json.dumps({"type": "command", "request_id": "r", "command": {"kind": "rename_self", "name": mark}})
