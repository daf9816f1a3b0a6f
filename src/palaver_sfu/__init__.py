"""The SFU's control plane: rooms, signalling, tokens and the server API of a LiveKit-compatible media server.

Knows nothing of Django. Media packets never pass through here: they stay in `palaver_sfu._core` (Rust).
"""
