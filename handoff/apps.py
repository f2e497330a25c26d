from django.apps import AppConfig


class HandoffConfig(AppConfig):
    name = "handoff"

    def ready(self) -> None:
        from handoff import merging  # noqa: F401 — says what becomes of this app's rows
