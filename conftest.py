"""What every Python test shares: how hard hypothesis tries."""

import os

from hypothesis import HealthCheck, settings

# Deadlines measure a noisy machine, not the code.
settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("proof", max_examples=3_000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
