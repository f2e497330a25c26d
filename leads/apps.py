from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import merging, unmerging  # noqa: F401 — say what becomes of this app's rows
