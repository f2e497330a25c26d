"""The house itself: settings, addresses, servers and launcher. Nothing imports it but itself."""

from crm.celery import app as celery_app

__all__ = ["celery_app"]
