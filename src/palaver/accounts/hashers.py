"""How passwords are kept."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class Argon2id(Argon2PasswordHasher):
    """Argon2id with the first choice of OWASP's Password Storage Cheat Sheet: 19 MiB, two passes, one lane.

    Django's default takes 100 MiB a try; two dozen people who sign in at once would need more than a small server has.
    """

    memory_cost = 19_456
    time_cost = 2
    parallelism = 1
