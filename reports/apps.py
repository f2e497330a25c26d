from django.apps import AppConfig


class ReportsConfig(AppConfig):
    """Questions over everything the apps below wrote down, and what both teams agree on because of them. Owns
    no facts of theirs."""

    name = "reports"
