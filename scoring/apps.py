from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ScoringConfig(AppConfig):
    name = "scoring"

    def ready(self) -> None:
        from . import merging  # noqa: F401 — says what becomes of this app's rows
        from .installing import install

        post_migrate.connect(install, sender=self, dispatch_uid="scoring.install")
