"""What holds for all tests."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples on every run, however busy the machine. To search for new ones:
# pytest --hypothesis-profile=search
settings.register_profile("search", deadline=None, max_examples=5000)
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")
