"""What other rooms ask about people."""

from palaver.accounts.avatars import avatar_url

__all__ = ["avatar_url"]
