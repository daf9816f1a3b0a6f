"""How many sockets and files this process may hold."""

import resource

# A thousand people with a room socket, a signalling connection and media by TCP, many times over.
ENOUGH = 65_536


def raise_limit() -> None:
    """Raise what the shell allows, often 1,024, to what the system does; never lower it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(ENOUGH, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
