from django.apps import AppConfig


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import merging  # noqa: F401 — says what becomes of this app's rows
