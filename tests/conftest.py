"""What every test may ask for. The parts are in ``tests/fixtures``."""

import os
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from hypothesis import HealthCheck, settings

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.processes",
    "tests.fixtures.mail",
    "tests.fixtures.browser",
    "tests.fixtures.folders",
]

# A shared machine is slow at odd moments: how long one case takes says nothing. "long": make test-long.
_patient = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
settings.register_profile("usual", **_patient)
settings.register_profile("long", max_examples=10_000, **_patient)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "usual"))


@pytest.fixture(autouse=True)
def _no_readers_zone() -> None:
    """No test tells times in the zone of whoever asked for a page in another one."""
    timezone.deactivate()


@pytest.fixture(autouse=True)
def _forgetful_cache() -> None:
    """No test meets the sign-in limits that another one used up."""
    cache.clear()


@pytest.fixture(autouse=True)
def _unbounded_sources(settings: Any) -> None:
    """No test meets what another sent in the name of one source; those about limits set their own."""
    settings.CAPTURE_RATE = 0


@pytest.fixture(autouse=True)
def _impatient_readers(settings: Any) -> None:
    """Every figure is counted when a test asks, however slow the machine; those about kept counts say so."""
    settings.REPORT_PATIENCE_SECONDS = 0
