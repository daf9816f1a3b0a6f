"""Plain ASGI: the rtc WebSocket, validate, Twirp and the health address."""
