"""The settings of the product, on a data directory that ends with the tests: they never touch a person's own."""

import os
import tempfile

_FOLDER = tempfile.TemporaryDirectory(prefix="palaver-tests-")
os.environ.setdefault("PALAVER_DATA_DIR", _FOLDER.name)

from palaver.accounts.hashers import Argon2id  # noqa: E402
from palaver.config.settings import *  # noqa: E402, F403 - the folder must be known first

# Real hashing is slow by design; most tests sign in. The product's own hasher is tested in `palaver.accounts`.
PASSWORD_HASHERS = ["tests.django_settings.QuickArgon2id"]


# Where Django's test client believes to be.
PALAVER_ADDRESS = "http://testserver"


class QuickArgon2id(Argon2id):
    """The same algorithm at the lowest price that it allows."""

    memory_cost = 8
    time_cost = 1
