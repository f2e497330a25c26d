from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Read-only questions over everything the apps below wrote down. Owns no facts of theirs."""

    name = "reports"
