from typing import Any

from django.apps import AppConfig, apps
from django.core.management import call_command
from django.db.models.signals import post_migrate


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Handoff"

    def ready(self) -> None:
        from crm import checks  # noqa: F401 — registers the system checks

        # Sent once per app with models, which this one is not; accounts stands for all.
        post_migrate.connect(_make_cache_table, sender=apps.get_app_config("accounts"))


def _make_cache_table(*, using: str, **kwargs: Any) -> None:
    """``migrate`` makes the cache's table too; Django has a command of its own for it. Safe to repeat."""
    call_command("createcachetable", database=using, verbosity=0)
