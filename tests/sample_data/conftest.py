"""Real and synthetic data that lie outside the repository: ``SAMPLE_DATA`` names their folder."""

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

MAPPINGS = Path(settings.BASE_DIR) / "capture" / "mappings"

#: Import a file of the sample data through a committed mapping; returns what the command printed.
Importing = Callable[..., str]


@pytest.fixture
def sample_data() -> Path:
    folder = os.environ.get("SAMPLE_DATA")
    if not folder:
        pytest.skip("SAMPLE_DATA names no folder")
    return Path(folder)


@pytest.fixture
def importing(sample_data: Path, tmp_path: Path) -> Importing:
    def run(file: str, mapping: str, *options: str) -> str:
        out = StringIO()
        call_command(
            "import_leads",
            str(sample_data / file),
            "--mapping",
            str(MAPPINGS / f"{mapping}.json"),
            "--rejects",
            str(tmp_path / "rejected.csv"),
            *options,
            stdout=out,
        )
        return out.getvalue()

    return run
