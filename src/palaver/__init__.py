"""Palaver: a self-hosted video-meeting system. `ARCHITECTURE.md` says where everything lives."""
