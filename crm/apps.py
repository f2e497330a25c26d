from django.apps import AppConfig


class CrmConfig(AppConfig):
    name = "crm"
    verbose_name = "Handoff"

    def ready(self) -> None:
        from crm import checks  # noqa: F401 — registers the system checks
