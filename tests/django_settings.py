"""The settings of the product, on a data directory that ends with the tests: they never touch a person's own."""

import os
import tempfile

_FOLDER = tempfile.TemporaryDirectory(prefix="palaver-tests-")
os.environ.setdefault("PALAVER_DATA_DIR", _FOLDER.name)

from palaver.config.settings import *  # noqa: E402, F403 - the folder must be known first
