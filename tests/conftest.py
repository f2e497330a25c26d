"""What every test may ask for. The parts are in ``tests/fixtures``."""

pytest_plugins = [
    "tests.fixtures.database",
    "tests.fixtures.processes",
    "tests.fixtures.mail",
    "tests.fixtures.browser",
]
