"""The composition root: settings, addresses, the ASGI application, the command line. Only this room knows every part."""
