from django.apps import AppConfig


class CaptureConfig(AppConfig):
    name = "capture"

    def ready(self) -> None:
        from capture import merging  # noqa: F401 — says what becomes of this app's rows
