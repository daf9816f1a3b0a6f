"""The composition root: settings, addresses, the ASGI application, the command line. It alone knows every part."""
