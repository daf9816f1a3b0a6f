"""The world outside: the media core, webhooks, network addresses."""
