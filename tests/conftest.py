"""How every test runs: properties without a deadline, and the same examples each time in CI."""

import os

from hypothesis import HealthCheck, settings

from tests.real_agents.summary import pytest_terminal_summary as pytest_terminal_summary
from tests.server import server as server
from tests.ways import way as way

# No test puts anything into the keyring of the person who runs it.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"

# A slow machine must not turn a true property into a failure.
settings.register_profile(
    "laptop", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("laptop"), derandomize=True, database=None)
settings.load_profile("ci" if os.environ.get("CI") else "laptop")
